"""Prices, doctors, invoices with lines and numbers, payments and the ledger."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.migrations import create_chassis_tables
from chassis.persistence.tables import BigSerial, Moment

revision: str = "0001"
down_revision: str | None = None

HELD = sa.text("unit_price_minor IS NULL")
CHARGE = sa.text("kind = 'charge'")


def upgrade() -> None:
    """Apply."""
    create_chassis_tables()
    _create_catalogue()
    _create_invoice()
    _create_payment()
    _create_ledger()


def _create_catalogue() -> None:
    op.create_table(
        "doctor",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("specialization", sa.String(100), nullable=False),
        sa.Column("changed_by", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_doctor"),
    )
    op.create_table(
        "price",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("code", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_price"),
        sa.UniqueConstraint("code", "valid_from", name="uq_price_code_valid_from"),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_price_not_negative")),
    )


def _create_invoice() -> None:
    counter = op.create_table(
        "invoice_counter",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_counter"),
    )
    op.bulk_insert(counter, [{"id": 1, "last": 0}])
    op.create_table(
        "invoice",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("appointment_id", sa.Uuid, nullable=False),
        sa.Column("doctor_id", sa.Uuid, nullable=False),
        sa.Column("visit_on", sa.Date, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("number", sa.BigInteger),
        sa.Column("issued_at", Moment),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invoice"),
        sa.UniqueConstraint("appointment_id", name="uq_invoice_appointment_id"),
        sa.UniqueConstraint("number", name="uq_invoice_number"),
        sa.CheckConstraint("(number IS NULL) = (issued_at IS NULL)", name=op.f("ck_invoice_numbered_at_issue")),
    )
    op.create_index("ix_invoice_patient_id_created_at_id", "invoice", ["patient_id", "created_at", "id"])
    op.create_table(
        "invoice_line",
        sa.Column("id", BigSerial, autoincrement=True, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.String(200)),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger),
        sa.Column("source_event", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_line"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_invoice_line_invoice_id"),
        sa.UniqueConstraint("source_event", name="uq_invoice_line_source_event"),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_invoice_line_some")),
    )
    op.create_index("ix_invoice_line_invoice_id", "invoice_line", ["invoice_id"])
    op.create_index("ix_invoice_line_held", "invoice_line", ["code"], postgresql_where=HELD, sqlite_where=HELD)


def _create_payment() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(50)),
        sa.Column("checkout_url", sa.String(2000)),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("finished_at", Moment),
        sa.PrimaryKeyConstraint("id", name="pk_payment"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_payment_invoice_id"),
        sa.UniqueConstraint("reference", name="uq_payment_reference"),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_positive")),
    )
    op.create_index("ix_payment_invoice_id", "payment", ["invoice_id"])
    op.create_index("ix_payment_patient_id_created_at_id", "payment", ["patient_id", "created_at", "id"])


def _create_ledger() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("id", BigSerial, autoincrement=True, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("payment_id", sa.Uuid),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_entry"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_ledger_entry_invoice_id"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_ledger_entry_payment_id"),
        sa.UniqueConstraint("payment_id", name="uq_ledger_entry_payment_id"),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_ledger_entry_not_negative")),
        sa.CheckConstraint("(kind = 'charge') = (payment_id IS NULL)", name=op.f("ck_ledger_entry_credit_has_payment")),
    )
    op.create_index("ix_ledger_entry_invoice_id", "ledger_entry", ["invoice_id"])
    op.create_index(
        "uq_ledger_entry_charge",
        "ledger_entry",
        ["invoice_id"],
        unique=True,
        postgresql_where=CHARGE,
        sqlite_where=CHARGE,
    )


def downgrade() -> None:
    """Revert."""
    ours = ("ledger_entry", "payment", "invoice_line", "invoice", "invoice_counter", "price", "doctor")
    for table in (*ours, "audit", "idempotency", "inbox", "outbox"):
        op.drop_table(table)
