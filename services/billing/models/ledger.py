"""The table of the ledger."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.persistence.tables import BigSerial
from services.billing.models.base import Base, _where


class LedgerKind(StrEnum):
    """The kinds of ledger entries. `Balance` in `services.billing.rules` has a sum of each."""

    CHARGE = "charge"
    """The amount owed."""
    CREDIT = "credit"
    """Money received."""
    REVERSAL = "reversal"
    """The rest of a charge, taken back because the invoice is void."""
    DISCOUNT = "discount"
    """A part of a charge, taken back by a credit note."""
    WRITE_OFF = "write_off"
    """A part of a charge that will not be paid."""
    REFUND = "refund"
    """Money paid back."""
    RETURN = "return"
    """A part of a charge, taken back because its money was paid back."""


OF_REFUNDS = f"kind IN ('{LedgerKind.REFUND}', '{LedgerKind.RETURN}')"


class LedgerEntry(Base):
    """Money owed, received or paid back, in minor units. Rows are added and never changed.

    The database refuses a second charge or reversal of an invoice, and a second credit of a payment.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="not_negative"),
        CheckConstraint(f"(kind = '{LedgerKind.CREDIT}') = (payment_id IS NOT NULL)", name="credit_has_payment"),
        CheckConstraint(f"({OF_REFUNDS}) = (refund_id IS NOT NULL)", name="refund_has_refund"),
        Index("uq_ledger_entry_charge", "invoice_id", unique=True, **_where(f"kind = '{LedgerKind.CHARGE}'")),
        Index("uq_ledger_entry_reversal", "invoice_id", unique=True, **_where(f"kind = '{LedgerKind.REVERSAL}'")),
        Index("uq_ledger_entry_refund", "refund_id", "kind", unique=True, **_where("refund_id IS NOT NULL")),
        Index("ix_ledger_entry_at_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"))
    credit_note_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoice.id"))
    """The credit note of a discount."""
    author_id: Mapped[UUID | None]
    """The person who decided it; null for what events and payments cause."""
    reason: Mapped[str | None] = mapped_column(String(500))
    at: Mapped[datetime]
