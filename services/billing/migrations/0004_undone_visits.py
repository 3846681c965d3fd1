"""Invoices of undone completions, which are void or need a refund. A second completion has its own invoice."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0004"
down_revision: str | None = "0003"

UNDONE = "undone_at IS NOT NULL"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "undone_visit",
        sa.Column("appointment_id", sa.Uuid, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("appointment_id", name="pk_undone_visit"),
    )
    with op.batch_alter_table("invoice") as invoice:
        invoice.add_column(sa.Column("visit_revision", sa.Integer, nullable=False, server_default="0"))
        invoice.add_column(sa.Column("undone_at", Moment))
        invoice.drop_constraint("uq_invoice_appointment_id", type_="unique")
        invoice.create_unique_constraint(
            "uq_invoice_appointment_id_visit_revision", ["appointment_id", "visit_revision"]
        )
    op.create_index("ix_invoice_created_at_id", "invoice", ["created_at", "id"])
    _create_partial("ix_invoice_undone_created_at_id", "invoice", ["created_at", "id"], UNDONE)
    _replace_check("(kind = 'credit') = (payment_id IS NOT NULL)")
    _create_partial("uq_ledger_entry_reversal", "ledger_entry", ["invoice_id"], "kind = 'reversal'", unique=True)


def _create_partial(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, postgresql_where=where, sqlite_where=where)


def _replace_check(condition: str) -> None:
    """Add the constraint on ledger entries with a payment."""
    name = op.f("ck_ledger_entry_credit_has_payment")
    with op.batch_alter_table("ledger_entry") as ledger_entry:
        ledger_entry.drop_constraint(name, type_="check")
        ledger_entry.create_check_constraint(name, condition)


def downgrade() -> None:
    """Revert. Undone invoices lose their charge and their visit, which may have another invoice."""
    op.drop_index("uq_ledger_entry_reversal", "ledger_entry")
    op.execute(
        "DELETE FROM ledger_entry WHERE kind <> 'credit' "
        "AND invoice_id IN (SELECT invoice_id FROM ledger_entry WHERE kind = 'reversal')"
    )
    op.execute(f"UPDATE invoice SET appointment_id = id WHERE {UNDONE}")
    _replace_check("(kind = 'charge') = (payment_id IS NULL)")
    op.drop_index("ix_invoice_undone_created_at_id", "invoice")
    op.drop_index("ix_invoice_created_at_id", "invoice")
    with op.batch_alter_table("invoice") as invoice:
        invoice.drop_constraint("uq_invoice_appointment_id_visit_revision", type_="unique")
        invoice.create_unique_constraint("uq_invoice_appointment_id", ["appointment_id"])
        invoice.drop_column("undone_at")
        invoice.drop_column("visit_revision")
    op.drop_table("undone_visit")
