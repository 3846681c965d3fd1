"""Reminders of overdue invoices."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0009"
down_revision: str | None = "0008"

OPEN = "status IN ('issued', 'part_paid')"
INDEX = "ix_invoice_remind_at"


def upgrade() -> None:
    """Apply. Open invoices of earlier versions are announced when they are due."""
    with op.batch_alter_table("invoice") as invoice:
        invoice.add_column(sa.Column("remind_at", Moment(), nullable=True))
    op.execute(f"UPDATE invoice SET remind_at = due_at WHERE {OPEN} AND corrects_id IS NULL")
    where = sa.text(OPEN)
    op.create_index(INDEX, "invoice", ["remind_at"], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    """Revert. Earlier versions require a doctor for each invoice of a visit."""
    op.execute("UPDATE invoice SET doctor_id = id WHERE doctor_id IS NULL AND appointment_id IS NOT NULL")
    op.drop_index(INDEX, "invoice")
    with op.batch_alter_table("invoice") as invoice:
        invoice.drop_column("remind_at")
