"""Accounts, their roles, sessions, mailed tokens and requests for roles."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.migrations import create_chassis_tables
from chassis.persistence.tables import BigSerial, Moment

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Apply."""
    create_chassis_tables()
    _create_account()
    _create_sessions()
    _create_one_time_token()
    _create_upgrade_request()


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=f"fk_{table}_user_id")


def _create_account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(762), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.UniqueConstraint("email_key", name="uq_account_email_key"),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", BigSerial, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("granted_by", sa.Uuid),
        sa.Column("granted_at", Moment, nullable=False),
        sa.Column("revoked_at", Moment),
        _of_account("role_grant"),
    )
    _one_of_each("role_grant", "revoked_at IS NULL")


def _one_of_each(table: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        f"uq_{table}_user_id_role",
        table,
        ["user_id", "role"],
        unique=True,
        postgresql_where=condition,
        sqlite_where=condition,
    )


def _create_sessions() -> None:
    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        _of_account("login_session"),
    )
    op.create_index("ix_login_session_user_id", "login_session", ["user_id"])
    op.create_table(
        "refresh_token",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("issued_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("used_at", Moment),
        sa.ForeignKeyConstraint(["session_id"], ["login_session.id"], name="fk_refresh_token_session_id"),
    )
    op.create_index("ix_refresh_token_session_id", "refresh_token", ["session_id"])
    op.create_index("ix_refresh_token_expires_at", "refresh_token", ["expires_at"])
    op.create_table(
        "login_failure",
        sa.Column("id", BigSerial, primary_key=True, autoincrement=True),
        sa.Column("email_digest", sa.String(64), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_index("ix_login_failure_email_digest_at", "login_failure", ["email_digest", "at"])
    op.create_index("ix_login_failure_at", "login_failure", ["at"])


def _create_one_time_token() -> None:
    op.create_table(
        "one_time_token",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("used_at", Moment),
        _of_account("one_time_token"),
    )
    op.create_index("ix_one_time_token_user_id", "one_time_token", ["user_id"])


def _create_upgrade_request() -> None:
    op.create_table(
        "upgrade_request",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("licence_number", sa.String(100)),
        sa.Column("specialization", sa.String(100)),
        sa.Column("statement", sa.String(2000), nullable=False),
        sa.Column("reason", sa.String(1000)),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", Moment),
        _of_account("upgrade_request"),
    )
    _one_of_each("upgrade_request", "status = 'pending'")
    for column in ("user_id", "status"):
        op.create_index(f"ix_upgrade_request_{column}_created_at_id", "upgrade_request", [column, "created_at", "id"])


def downgrade() -> None:
    """Take back."""
    own = (
        "upgrade_request",
        "one_time_token",
        "login_failure",
        "refresh_token",
        "login_session",
        "role_grant",
        "account",
    )
    for table in (*own, "audit", "idempotency", "inbox", "outbox"):
        op.drop_table(table)
