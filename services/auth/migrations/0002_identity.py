"""Profiles, second factors, devices, invitations, and copies of open visits."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0002"
down_revision: str | None = "0001"

ADDED: dict[str, tuple[tuple[str, Any], ...]] = {
    "account": (
        ("phone", sa.String(20)),
        ("locale", sa.String(20)),
        ("language", sa.String(3)),
        ("timezone", sa.String(50)),
        ("verified_at", Moment()),
    ),
    "role_grant": (("specialization", sa.String(100)), ("revoked_by", sa.Uuid())),
    "login_session": (("last_used_at", Moment()),),
    "one_time_token": (("email", sa.String(254)), ("used_from", sa.String(45))),
    "audit": (("details", sa.JSON()),),
}
KEEP_SPECIALIZATIONS = """
    UPDATE role_grant SET specialization = (
        SELECT r.specialization FROM upgrade_request r
        WHERE r.user_id = role_grant.user_id AND r.role = 'doctor' AND r.status = 'approved'
        ORDER BY r.decided_at DESC LIMIT 1
    )
    WHERE role = 'doctor' AND revoked_at IS NULL
"""
VERIFIED = "UPDATE account SET verified_at = created_at WHERE status = 'active'"
INDEXED = (("account", "created_at"), ("login_session", "ended_at"))


def upgrade() -> None:
    """Apply."""
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, sa.Column(*column))
    op.add_column("account", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.add_column("login_session", sa.Column("device", sa.String(200), nullable=False, server_default=""))
    for table, name in INDEXED:
        op.create_index(f"ix_{table}_{name}", table, [name])
    op.execute(KEEP_SPECIALIZATIONS)
    op.execute(VERIFIED)
    _create_second_factor()
    _create_copies()


def _create_second_factor() -> None:
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.Uuid, primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("confirmed_at", Moment),
        sa.Column("last_step", sa.BigInteger),
        sa.Column("replacement", sa.LargeBinary),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name="fk_second_factor_user_id"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("used_at", Moment),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name="fk_recovery_code_user_id"),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"])


def _create_copies() -> None:
    op.create_table(
        "open_visit",
        sa.Column("appointment_id", sa.Uuid, primary_key=True),
        sa.Column("doctor_id", sa.Uuid, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
    )
    for name in ("doctor_id", "changed_at"):
        op.create_index(f"ix_open_visit_{name}", "open_visit", [name])
    op.create_table(
        "desk_patient",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(20)),
    )


def downgrade() -> None:
    """Take back."""
    for table in ("desk_patient", "open_visit", "recovery_code", "second_factor"):
        op.drop_table(table)
    for table, name in INDEXED:
        op.drop_index(f"ix_{table}_{name}", table)
    for table, columns in ADDED.items():
        for name, _kind in columns:
            op.drop_column(table, name)
    op.drop_column("account", "revision")
    op.drop_column("login_session", "device")
