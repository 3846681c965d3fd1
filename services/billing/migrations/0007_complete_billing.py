"""Taxes, discounts, credit notes, refunds, odd payments, webhooks, copies of patients, and sums of the ledger."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import BigSerial, Moment

revision: str = "0007"
down_revision: str | None = "0006"

SUMS = {
    "charged_minor": "charge",
    "credited_minor": "credit",
    "reversed_minor": "reversal",
    "discounted_minor": "discount",
    "written_off_minor": "write_off",
    "refunded_minor": "refund",
    "returned_minor": "return",
}
NOT_OVERPAID = (
    "undone_at IS NOT NULL OR credited_minor - refunded_minor <= "
    "charged_minor - discounted_minor - written_off_minor - returned_minor"
)
HAS_CAUSE = "coalesce(appointment_id, dispense_id, lab_order_id, corrects_id) IS NOT NULL"
OF_REFUNDS = "kind IN ('refund', 'return')"


def upgrade() -> None:
    """Apply."""
    _create_tables()
    _widen_invoices()
    with op.batch_alter_table("price") as price:
        price.add_column(_number("tax_basis_points", sa.Integer))
    _widen_payments()
    _widen_ledger()
    _fill_sums()


def _number(name: str, kind: type[sa.types.TypeEngine[int]]) -> sa.Column[int]:
    return sa.Column(name, kind(), server_default="0", nullable=False)


def _create_partial(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, postgresql_where=where, sqlite_where=where)


def _widen_invoices() -> None:
    with op.batch_alter_table("invoice") as invoice:
        for name, kind in (("lab_order_id", sa.Uuid()), ("corrects_id", sa.Uuid()), ("source_event", sa.Uuid())):
            invoice.add_column(sa.Column(name, kind, nullable=True))
        for name in ("due_at", "overdue_at", "gathers_until"):
            invoice.add_column(sa.Column(name, Moment(), nullable=True))
        invoice.add_column(sa.Column("reason", sa.String(500), nullable=True))
        invoice.add_column(sa.Column("status", sa.String(20), server_default="draft", nullable=False))
        for name in SUMS:
            invoice.add_column(_number(name, sa.BigInteger))
        invoice.drop_constraint(op.f("ck_invoice_visit_or_dispense"), type_="check")
        invoice.create_unique_constraint("uq_invoice_lab_order_id_source_event", ["lab_order_id", "source_event"])
        invoice.create_foreign_key("fk_invoice_corrects_id", "invoice", ["corrects_id"], ["id"])
    with op.batch_alter_table("invoice_line") as line:
        line.add_column(_number("discount_minor", sa.BigInteger))
        line.add_column(_number("tax_basis_points", sa.Integer))
        line.add_column(_number("tax_minor", sa.BigInteger))
        line.add_column(sa.Column("corrects_line_id", BigSerial, nullable=True))
        line.create_foreign_key("fk_invoice_line_corrects_line_id", "invoice_line", ["corrects_line_id"], ["id"])
    op.create_index("ix_invoice_corrects_id", "invoice", ["corrects_id"])
    op.create_index("ix_invoice_line_corrects_line_id", "invoice_line", ["corrects_line_id"])
    op.create_index("ix_invoice_status_created_at_id", "invoice", ["status", "created_at", "id"])
    _create_partial("ix_invoice_due_at_id", "invoice", ["due_at", "id"], "status IN ('issued', 'part_paid')")
    _create_partial("ix_invoice_gathers_until", "invoice", ["gathers_until"], "gathers_until IS NOT NULL")


def _widen_payments() -> None:
    with op.batch_alter_table("payment") as payment:
        payment.add_column(sa.Column("provider_id", sa.String(200), nullable=True))
        payment.add_column(sa.Column("provider_payment_id", sa.String(200), nullable=True))
        payment.add_column(_number("refunding_minor", sa.BigInteger))
        payment.add_column(sa.Column("taken_by", sa.Uuid(), nullable=True))
        payment.add_column(sa.Column("next_look_at", Moment(), nullable=True))
        payment.create_check_constraint(
            op.f("ck_payment_not_over_refunded"), "refunding_minor BETWEEN 0 AND amount_minor"
        )
    _create_partial("ix_payment_next_look_at", "payment", ["next_look_at"], "next_look_at IS NOT NULL")
    op.create_index("ix_payment_provider_finished_at", "payment", ["provider", "finished_at"])
    columns = ["provider", "provider_payment_id"]
    _create_partial("uq_payment_provider_payment", "payment", columns, "provider_payment_id IS NOT NULL", unique=True)


def _widen_ledger() -> None:
    with op.batch_alter_table("ledger_entry") as entry:
        entry.add_column(sa.Column("refund_id", sa.Uuid(), nullable=True))
        entry.add_column(sa.Column("credit_note_id", sa.Uuid(), nullable=True))
        entry.add_column(sa.Column("author_id", sa.Uuid(), nullable=True))
        entry.add_column(sa.Column("reason", sa.String(500), nullable=True))
        entry.create_foreign_key("fk_ledger_entry_refund_id", "refund", ["refund_id"], ["id"])
        entry.create_foreign_key("fk_ledger_entry_credit_note_id", "invoice", ["credit_note_id"], ["id"])
        entry.create_check_constraint(
            op.f("ck_ledger_entry_refund_has_refund"), f"({OF_REFUNDS}) = (refund_id IS NOT NULL)"
        )
    columns = ["refund_id", "kind"]
    _create_partial("uq_ledger_entry_refund", "ledger_entry", columns, "refund_id IS NOT NULL", unique=True)
    op.create_index("ix_ledger_entry_at_id", "ledger_entry", ["at", "id"])


def _create_tables() -> None:
    op.create_table(
        "patient",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), server_default="", nullable=False),
        sa.Column("mrn", sa.String(20), nullable=True),
        _number("named_by", sa.BigInteger),
        sa.Column("email", sa.String(320), nullable=True),
        _number("addressed_by", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_patient"),
    )
    op.create_table(
        "provider_event",
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "event_id", name="pk_provider_event"),
    )
    _create_refunds()
    _create_odd_payments()


def _create_refunds() -> None:
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("still_owed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", Moment(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("decision_reason", sa.String(500), nullable=True),
        sa.Column("provider_refund_id", sa.String(200), nullable=True),
        sa.Column("next_look_at", Moment(), nullable=True),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_positive")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name=op.f("ck_refund_two_persons")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_refund_payment_id"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_refund_invoice_id"),
        sa.PrimaryKeyConstraint("id", name="pk_refund"),
    )
    op.create_index("ix_refund_payment_id", "refund", ["payment_id"])
    op.create_index("ix_refund_invoice_id", "refund", ["invoice_id"])
    op.create_index("ix_refund_status_requested_at_id", "refund", ["status", "requested_at", "id"])
    op.create_index("ix_refund_requested_at_id", "refund", ["requested_at", "id"])
    _create_partial("ix_refund_next_look_at", "refund", ["next_look_at"], "next_look_at IS NOT NULL")


def _create_odd_payments() -> None:
    op.create_table(
        "odd_payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("provider_key", sa.String(200), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.String(200), nullable=True),
        sa.Column("provider_payment_id", sa.String(200), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("settlement", sa.String(20), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("provider_refund_id", sa.String(200), nullable=True),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_odd_payment_payment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_odd_payment"),
        sa.UniqueConstraint("provider", "kind", "provider_key", name="uq_odd_payment_provider_kind_provider_key"),
    )
    op.create_index("ix_odd_payment_payment_id", "odd_payment", ["payment_id"])
    op.create_index("ix_odd_payment_at_id", "odd_payment", ["at", "id"])
    _create_partial("ix_odd_payment_unsettled_at_id", "odd_payment", ["at", "id"], "settled_at IS NULL")


def _fill_sums() -> None:
    """Compute the sums and the status of the invoices of earlier versions from their ledger."""
    for column, kind in SUMS.items():
        op.execute(
            f"UPDATE invoice SET {column} = coalesce((SELECT sum(amount_minor) FROM ledger_entry "
            f"WHERE ledger_entry.invoice_id = invoice.id AND kind = '{kind}'), 0)"
        )
    op.execute(
        "UPDATE invoice SET status = CASE WHEN undone_at IS NOT NULL AND credited_minor = 0 THEN 'void' "
        "WHEN issued_at IS NULL THEN 'draft' WHEN credited_minor >= charged_minor THEN 'paid' "
        "WHEN credited_minor > 0 THEN 'part_paid' ELSE 'issued' END"
    )
    after = (
        "due_at = issued_at + interval '30 days'"
        if op.get_bind().dialect.name == "postgresql"
        else ("due_at = strftime('%Y-%m-%d %H:%M:%f000', issued_at, '+30 days')")
    )
    op.execute(f"UPDATE invoice SET {after} WHERE issued_at IS NOT NULL")
    with op.batch_alter_table("invoice") as invoice:
        invoice.create_check_constraint(op.f("ck_invoice_has_cause"), HAS_CAUSE)
        invoice.create_check_constraint(op.f("ck_invoice_not_over_refunded"), "refunded_minor <= credited_minor")
        invoice.create_check_constraint(op.f("ck_invoice_not_overpaid"), NOT_OVERPAID)


def downgrade() -> None:
    """Revert. Credit notes, invoices of laboratory orders, refunds and odd payments are lost."""
    with op.batch_alter_table("invoice") as invoice:
        invoice.drop_constraint(op.f("ck_invoice_not_overpaid"), type_="check")
        invoice.drop_constraint(op.f("ck_invoice_not_over_refunded"), type_="check")
        invoice.drop_constraint(op.f("ck_invoice_has_cause"), type_="check")
    _drop_what_was_unknown()
    _narrow_ledger()
    op.drop_table("odd_payment")
    op.drop_table("refund")
    op.drop_table("provider_event")
    op.drop_table("patient")
    _narrow_payments()
    _narrow_invoices()
    with op.batch_alter_table("price") as price:
        price.drop_column("tax_basis_points")


def _drop_what_was_unknown() -> None:
    unknown = "SELECT id FROM invoice WHERE appointment_id IS NULL AND dispense_id IS NULL"
    op.execute("DELETE FROM ledger_entry WHERE kind NOT IN ('charge', 'credit', 'reversal')")
    op.execute(f"DELETE FROM ledger_entry WHERE invoice_id IN ({unknown})")
    op.execute(f"DELETE FROM invoice_line WHERE invoice_id IN ({unknown})")
    op.execute("DELETE FROM odd_payment")
    op.execute("DELETE FROM refund")
    op.execute(f"DELETE FROM payment WHERE invoice_id IN ({unknown})")
    op.execute("DELETE FROM invoice WHERE appointment_id IS NULL AND dispense_id IS NULL")


def _narrow_ledger() -> None:
    op.drop_index("ix_ledger_entry_at_id", "ledger_entry")
    op.drop_index("uq_ledger_entry_refund", "ledger_entry")
    with op.batch_alter_table("ledger_entry") as entry:
        entry.drop_constraint(op.f("ck_ledger_entry_refund_has_refund"), type_="check")
        entry.drop_constraint("fk_ledger_entry_credit_note_id", type_="foreignkey")
        entry.drop_constraint("fk_ledger_entry_refund_id", type_="foreignkey")
        for name in ("refund_id", "credit_note_id", "author_id", "reason"):
            entry.drop_column(name)


def _narrow_payments() -> None:
    for name in ("uq_payment_provider_payment", "ix_payment_provider_finished_at", "ix_payment_next_look_at"):
        op.drop_index(name, "payment")
    op.execute("UPDATE payment SET status = 'failed' WHERE status IN ('unapplied', 'expired')")
    with op.batch_alter_table("payment") as payment:
        payment.drop_constraint(op.f("ck_payment_not_over_refunded"), type_="check")
        for name in ("provider_id", "provider_payment_id", "refunding_minor", "taken_by", "next_look_at"):
            payment.drop_column(name)


def _narrow_invoices() -> None:
    for name in ("gathers_until", "due_at_id", "status_created_at_id", "corrects_id"):
        op.drop_index(f"ix_invoice_{name}", "invoice")
    op.drop_index("ix_invoice_line_corrects_line_id", "invoice_line")
    with op.batch_alter_table("invoice_line") as line:
        line.drop_constraint("fk_invoice_line_corrects_line_id", type_="foreignkey")
        for name in ("discount_minor", "tax_basis_points", "tax_minor", "corrects_line_id"):
            line.drop_column(name)
    columns = ("lab_order_id", "corrects_id", "source_event", "due_at", "overdue_at", "gathers_until", "reason")
    with op.batch_alter_table("invoice") as invoice:
        invoice.drop_constraint("fk_invoice_corrects_id", type_="foreignkey")
        invoice.drop_constraint("uq_invoice_lab_order_id_source_event", type_="unique")
        for name in (*columns, "status", *SUMS):
            invoice.drop_column(name)
        invoice.create_check_constraint(
            op.f("ck_invoice_visit_or_dispense"), "(appointment_id IS NULL) <> (dispense_id IS NULL)"
        )
