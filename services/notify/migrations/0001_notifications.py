"""Contacts, notifications and deliveries."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.migrations import create_chassis_tables, drop_chassis_tables
from chassis.persistence.tables import Moment

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Apply."""
    create_chassis_tables()
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("changed_by", sa.BigInteger, nullable=False),
    )
    _create_notification()
    _create_delivery()


def _create_notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("message", sa.String(500), nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("read_at", Moment),
        sa.UniqueConstraint("event_id", "person_id", "kind", name="uq_notification_event_id_person_id_kind"),
    )
    columns = ["person_id", "created_at", "id"]
    op.create_index("ix_notification_person_id_created_at_id", "notification", columns)


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("template", sa.String(50), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("message_id", sa.String(320), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try_at", Moment),
        sa.Column("last_error", sa.String(100)),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("sent_at", Moment),
        sa.UniqueConstraint("event_id", "person_id", "template", name="uq_delivery_event_id_person_id_template"),
    )
    op.create_index("ix_delivery_next_try_at", "delivery", ["next_try_at"])


def downgrade() -> None:
    """Revert."""
    for table in ("delivery", "notification", "contact"):
        op.drop_table(table)
    drop_chassis_tables()
