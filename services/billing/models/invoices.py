"""Tables of invoices and of the ledger, and the state changes of an invoice."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from chassis.persistence.tables import BigSerial
from contracts.billing.invoices import ALREADY_ISSUED, ALREADY_PRICED, LINE_HELD
from services.billing.models.base import Base, _where


class LedgerKind(StrEnum):
    """The kinds of ledger entries: the amount owed, money received, and a charge taken back."""

    CHARGE = "charge"
    CREDIT = "credit"
    REVERSAL = "reversal"


class InvoiceCounter(Base):
    """One row with the last invoice number. The lock of the row keeps the numbers free of gaps."""

    __tablename__ = "invoice_counter"

    id: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class Invoice(Base):
    """The charge for a visit or a dispense: a draft until all lines are priced, then immutable.

    The paid amount is no column. The ledger holds it.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("(number IS NULL) = (issued_at IS NULL)", name="numbered_at_issue"),
        CheckConstraint("(appointment_id IS NULL) <> (dispense_id IS NULL)", name="visit_or_dispense"),
        UniqueConstraint("appointment_id", "visit_revision"),
        UniqueConstraint("dispense_id"),
        Index("ix_invoice_patient_id_created_at_id", "patient_id", "created_at", "id"),
        Index("ix_invoice_created_at_id", "created_at", "id"),
        Index("ix_invoice_undone_created_at_id", "created_at", "id", **_where("undone_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    appointment_id: Mapped[UUID | None]
    dispense_id: Mapped[UUID | None]
    visit_revision: Mapped[int] = mapped_column(server_default="0", default=0)
    """Revision of the completed visit; 0 for invoices older than this column."""
    doctor_id: Mapped[UUID | None]
    """The doctor of the visit."""
    visit_on: Mapped[date]
    """The day of the visit or dispense in the hospital's time zone. The prices of that day count."""
    currency: Mapped[str] = mapped_column(String(3))
    number: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    issued_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    """The time at which the completion of the visit was undone. Nothing is owed since then."""

    lines: Mapped[list["InvoiceLine"]] = relationship(lazy="raise", order_by="InvoiceLine.id")

    @property
    def is_held(self) -> bool:
        """Return whether the price of a line is unknown."""
        return any(line.is_held for line in self.lines)

    def issue(self, number: int, now: datetime) -> None:
        """Number and issue the invoice."""
        if self.issued_at is not None:
            raise ALREADY_ISSUED()
        if self.is_held:
            raise LINE_HELD()
        self.number, self.issued_at = number, now

    def undo(self, now: datetime) -> None:
        """Record that the completion of the visit was undone. The first time counts."""
        self.undone_at = self.undone_at or now


class UndoneVisit(Base):
    """A visit whose completion was undone. An older completion whose event arrives later charges nothing."""

    __tablename__ = "undone_visit"

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    """Revision of the visit at the last undoing."""


class InvoiceLine(Base):
    """A charged item. The line is held while its code or price is unknown (null)."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="some"),
        Index("ix_invoice_line_held", "code", **_where("unit_price_minor IS NULL")),
        UniqueConstraint("source_event", "position"),
    )

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    code: Mapped[str | None] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int] = mapped_column(default=1)
    unit_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    source_event: Mapped[UUID]
    """The event that caused the charge, so that nothing is charged twice."""
    position: Mapped[int] = mapped_column(server_default="0", default=0)
    """The place of the line among those of its event."""

    @property
    def is_held(self) -> bool:
        """Return whether the price is unknown."""
        return self.unit_price_minor is None

    def price(self, name: str, unit_price_minor: int) -> None:
        """Set the price of a held line."""
        if not self.is_held:
            raise ALREADY_PRICED()
        self.name, self.unit_price_minor = name, unit_price_minor


class LedgerEntry(Base):
    """Money owed or received, in minor units. Rows are added and never changed.

    The database refuses a second charge or reversal of an invoice, and a second credit of a payment.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="not_negative"),
        CheckConstraint(f"(kind = '{LedgerKind.CREDIT}') = (payment_id IS NOT NULL)", name="credit_has_payment"),
        Index("uq_ledger_entry_charge", "invoice_id", unique=True, **_where(f"kind = '{LedgerKind.CHARGE}'")),
        Index("uq_ledger_entry_reversal", "invoice_id", unique=True, **_where(f"kind = '{LedgerKind.REVERSAL}'")),
    )

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    at: Mapped[datetime]
