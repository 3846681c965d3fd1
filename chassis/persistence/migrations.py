"""The tables that every service has, for the first migration of each service."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import BigSerial, Moment


def create_chassis_tables() -> None:
    """The tables that every service has, as of the first migration. A change to them is a function of its own."""
    op.create_table(
        "outbox",
        sa.Column("position", BigSerial, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("internal", sa.Boolean, nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("correlation_id", sa.String(100), nullable=False),
        sa.Column("occurred_at", Moment, nullable=False),
        sa.Column("sequence", sa.BigInteger),
    )
    fresh = sa.text("sequence IS NULL")
    op.create_index("ix_outbox_fresh", "outbox", ["position"], postgresql_where=fresh, sqlite_where=fresh)
    op.create_index("uq_outbox_internal_sequence", "outbox", ["internal", "sequence"], unique=True)
    relay = op.create_table(
        "relay",
        sa.Column("internal", sa.Boolean, primary_key=True),
        sa.Column("sent_through", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(relay, [{"internal": False, "sent_through": 0}, {"internal": True, "sent_through": 0}])
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("handler", sa.String(100), primary_key=True),
        sa.Column("handled_at", Moment, nullable=False),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"], postgresql_using="brin")
    _create_idempotency()
    _create_audit()


def _create_idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("actor", sa.String(40), primary_key=True),
        sa.Column("command", sa.String(100), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("plan", sa.JSON),
        sa.Column("reply", sa.JSON),
        sa.Column("created_at", Moment, nullable=False),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], postgresql_using="brin")


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BigSerial, primary_key=True, autoincrement=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("record_id", sa.Uuid),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("request_id", sa.String(100), nullable=False),
    )
    op.create_index("ix_audit_at", "audit", ["at"], postgresql_using="brin")
    for column in ("actor_id", "record_id"):
        op.create_index(f"ix_audit_{column}", "audit", [column])


def drop_chassis_tables() -> None:
    """The reverse of `create_chassis_tables`."""
    for table in ("audit", "idempotency", "inbox", "relay", "outbox"):
        op.drop_table(table)


def index_oldest_rows(using: str = "btree") -> None:
    """Let housekeeping find the oldest rows of inbox and stored replies without reading the rest; `brin` takes it back.

    A BRIN index names blocks, not rows. Once the space of deleted rows is used again, blocks hold old and new rows.
    """
    for table, column in (("inbox", "handled_at"), ("idempotency", "created_at")):
        op.drop_index(f"ix_{table}_{column}", table)
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_using=using)
