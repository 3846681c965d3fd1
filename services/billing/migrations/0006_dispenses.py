"""Invoices of dispenses, which have no appointment and no doctor, and several lines for one event."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"

VISIT_OR_DISPENSE = "(appointment_id IS NULL) <> (dispense_id IS NULL)"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("invoice") as invoice:
        invoice.add_column(sa.Column("dispense_id", sa.Uuid(), nullable=True))
        invoice.alter_column("appointment_id", existing_type=sa.Uuid(), nullable=True)
        invoice.alter_column("doctor_id", existing_type=sa.Uuid(), nullable=True)
        invoice.create_unique_constraint("uq_invoice_dispense_id", ["dispense_id"])
        invoice.create_check_constraint(op.f("ck_invoice_visit_or_dispense"), VISIT_OR_DISPENSE)
    with op.batch_alter_table("invoice_line") as invoice_line:
        invoice_line.add_column(sa.Column("position", sa.Integer(), server_default="0", nullable=False))
        invoice_line.drop_constraint("uq_invoice_line_source_event", type_="unique")
        invoice_line.create_unique_constraint("uq_invoice_line_source_event_position", ["source_event", "position"])


def downgrade() -> None:
    """Revert. Invoices of dispenses stay, with their own id in place of an appointment and of a doctor."""
    _separate_events()
    with op.batch_alter_table("invoice_line") as invoice_line:
        invoice_line.drop_constraint("uq_invoice_line_source_event_position", type_="unique")
        invoice_line.create_unique_constraint("uq_invoice_line_source_event", ["source_event"])
        invoice_line.drop_column("position")
    with op.batch_alter_table("invoice") as invoice:
        invoice.drop_constraint(op.f("ck_invoice_visit_or_dispense"), type_="check")
        invoice.drop_constraint("uq_invoice_dispense_id", type_="unique")
    op.execute("UPDATE invoice SET appointment_id = id, doctor_id = id WHERE dispense_id IS NOT NULL")
    with op.batch_alter_table("invoice") as invoice:
        invoice.alter_column("doctor_id", existing_type=sa.Uuid(), nullable=False)
        invoice.alter_column("appointment_id", existing_type=sa.Uuid(), nullable=False)
        invoice.drop_column("dispense_id")


def _separate_events() -> None:
    """Give the further lines of an event ids of their own."""
    line = sa.table("invoice_line", sa.column("id"), sa.column("position"), sa.column("source_event", sa.Uuid))
    connection = op.get_bind()
    for line_id in connection.execute(sa.select(line.c.id).where(line.c.position > 0)).scalars().all():
        connection.execute(line.update().where(line.c.id == line_id).values(source_event=uuid4()))
