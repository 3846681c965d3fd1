"""Tables of invoices and of the ledger, and the moves that an invoice may make."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from chassis.persistence.tables import BigSerial
from contracts.billing.invoices import ALREADY_ISSUED, ALREADY_PRICED, LINE_HELD
from services.billing.models.base import Base, _where

CHARGE, CREDIT, REVERSAL = "charge", "credit", "reversal"
"""The kinds of ledger entries: what the patient owes, what has been received, and a charge that is taken back."""


class InvoiceCounter(Base):
    """One row: the number of the invoice that was issued last. Its lock is what keeps the numbers free of gaps."""

    __tablename__ = "invoice_counter"

    id: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class Invoice(Base):
    """What a patient is asked to pay for a visit. A draft until all of its lines are priced, then immutable.

    How far it is paid is no column: the ledger says so.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("(number IS NULL) = (issued_at IS NULL)", name="numbered_at_issue"),
        UniqueConstraint("appointment_id", "visit_revision"),
        Index("ix_invoice_patient_id_created_at_id", "patient_id", "created_at", "id"),
        Index("ix_invoice_created_at_id", "created_at", "id"),
        Index("ix_invoice_undone_created_at_id", "created_at", "id", **_where("undone_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    appointment_id: Mapped[UUID]
    visit_revision: Mapped[int] = mapped_column(server_default="0", default=0)
    """Revision of the visit whose completion this charges; 0 of invoices from before it was kept."""
    doctor_id: Mapped[UUID]
    visit_on: Mapped[date]
    """The day of the visit in the hospital's time zone; its prices count."""
    currency: Mapped[str] = mapped_column(String(3))
    number: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    issued_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    """When the completion of the visit was undone: nothing of the invoice is owed since then."""

    lines: Mapped[list["InvoiceLine"]] = relationship(lazy="raise", order_by="InvoiceLine.id")

    @property
    def is_held(self) -> bool:
        """Whether the price of a line is not known yet."""
        return any(line.is_held for line in self.lines)

    def issue(self, number: int, now: datetime) -> None:
        """The hospital asks for the money."""
        if self.issued_at is not None:
            raise ALREADY_ISSUED()
        if self.is_held:
            raise LINE_HELD()
        self.number, self.issued_at = number, now

    def undo(self, now: datetime) -> None:
        """The visit was completed by mistake; the first time counts."""
        self.undone_at = self.undone_at or now


class UndoneVisit(Base):
    """A visit whose completion was undone, so that a completion before that, which is heard later, charges nothing."""

    __tablename__ = "undone_visit"

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    """Of the visit when it was undone last."""


class InvoiceLine(Base):
    """One thing that is charged. Held, with neither code nor price, while these are not known."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="some"),
        Index("ix_invoice_line_held", "code", **_where("unit_price_minor IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    code: Mapped[str | None] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int] = mapped_column(default=1)
    unit_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    source_event: Mapped[UUID] = mapped_column(unique=True)
    """The event that the line is charged for, so that nothing is charged twice."""

    @property
    def is_held(self) -> bool:
        """Whether the price is not known yet."""
        return self.unit_price_minor is None

    def price(self, name: str, unit_price_minor: int) -> None:
        """The price has become known."""
        if not self.is_held:
            raise ALREADY_PRICED()
        self.name, self.unit_price_minor = name, unit_price_minor


class LedgerEntry(Base):
    """Money owed or received, in minor units: rows are added, never changed.

    An invoice is charged once, and reversed once; a payment is credited once. The database refuses a second entry.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="not_negative"),
        CheckConstraint(f"(kind = '{CREDIT}') = (payment_id IS NOT NULL)", name="credit_has_payment"),
        Index("uq_ledger_entry_charge", "invoice_id", unique=True, **_where(f"kind = '{CHARGE}'")),
        Index("uq_ledger_entry_reversal", "invoice_id", unique=True, **_where(f"kind = '{REVERSAL}'")),
    )

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    at: Mapped[datetime]
