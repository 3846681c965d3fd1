"""Tables of invoices and their lines, and the state changes of an invoice."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from chassis.persistence.tables import BigSerial
from contracts.billing.invoices import ALREADY_ISSUED, ALREADY_PRICED, LINE_HELD, InvoiceStatus
from services.billing import rules
from services.billing.models.base import Base, _where
from services.billing.rules import Balance

EMPTY: dict[str, object] = {f"{name}_minor": 0 for name in Balance._fields}
HAS_CAUSE = "coalesce(appointment_id, dispense_id, lab_order_id, corrects_id) IS NOT NULL"
OPEN = f"status IN ('{InvoiceStatus.ISSUED}', '{InvoiceStatus.PART_PAID}')"


class InvoiceCounter(Base):
    """One row with the last invoice number. The lock of the row keeps the numbers free of gaps."""

    __tablename__ = "invoice_counter"

    id: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class Invoice(Base):
    """A charge, or a credit note that corrects one. It is a draft until all lines are priced, then immutable.

    The sums repeat the ledger, so that lists are quick and the database refuses an overpayment. `status` is derived
    from them. Only `services.billing.invoices.ledger` changes them, with the row locked.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("(number IS NULL) = (issued_at IS NULL)", name="numbered_at_issue"),
        CheckConstraint(HAS_CAUSE, name="has_cause"),
        CheckConstraint("refunded_minor <= credited_minor", name="not_over_refunded"),
        CheckConstraint(
            "undone_at IS NOT NULL OR credited_minor - refunded_minor <= "
            "charged_minor - discounted_minor - written_off_minor - returned_minor",
            name="not_overpaid",
        ),
        UniqueConstraint("appointment_id", "visit_revision"),
        UniqueConstraint("dispense_id"),
        UniqueConstraint("lab_order_id", "source_event"),
        Index("ix_invoice_patient_id_created_at_id", "patient_id", "created_at", "id"),
        Index("ix_invoice_created_at_id", "created_at", "id"),
        Index("ix_invoice_status_created_at_id", "status", "created_at", "id"),
        Index("ix_invoice_due_at_id", "due_at", "id", **_where(OPEN)),
        Index("ix_invoice_remind_at", "remind_at", **_where(OPEN)),
        Index("ix_invoice_undone_created_at_id", "created_at", "id", **_where("undone_at IS NOT NULL")),
        Index("ix_invoice_gathers_until", "gathers_until", **_where("gathers_until IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    appointment_id: Mapped[UUID | None]
    dispense_id: Mapped[UUID | None]
    lab_order_id: Mapped[UUID | None]
    corrects_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    """The invoice that this credit note corrects; null for an invoice."""
    source_event: Mapped[UUID | None]
    """The event about results for which the invoice was made, if it is one of a laboratory order."""
    visit_revision: Mapped[int] = mapped_column(server_default="0", default=0)
    """Revision of the completed visit; 0 for invoices older than this column."""
    doctor_id: Mapped[UUID | None]
    """The doctor of the visit; null if the visit itself is not charged."""
    visit_on: Mapped[date]
    """The day of the charge in the hospital's time zone. The prices of that day count."""
    currency: Mapped[str] = mapped_column(String(3))
    number: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    created_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    """An invoice with an open amount is overdue from this time on."""
    overdue_at: Mapped[datetime | None]
    """The time at which `invoice_overdue` was published."""
    remind_at: Mapped[datetime | None]
    """The time of the next notice while an amount is open: when it is due, and at each reminder."""
    undone_at: Mapped[datetime | None]
    """The time at which the visit's completion was undone or the invoice was voided. Nothing is owed since then."""
    gathers_until: Mapped[datetime | None]
    """Set while the draft of a visit in progress gathers charges; the draft is issued at this time at the latest."""
    reason: Mapped[str | None] = mapped_column(String(500))
    """The reason for a credit note or for voiding."""
    status: Mapped[str] = mapped_column(String(20), default=InvoiceStatus.DRAFT, server_default=InvoiceStatus.DRAFT)
    charged_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    credited_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    reversed_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    discounted_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    written_off_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    returned_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    lines: Mapped[list["InvoiceLine"]] = relationship(lazy="raise", order_by="InvoiceLine.id")

    def __init__(self, **columns: object) -> None:
        """Start with an empty ledger."""
        super().__init__(**{**EMPTY, **columns})

    @property
    def is_held(self) -> bool:
        """Return whether the price of a line is unknown."""
        return any(line.is_held for line in self.lines)

    @property
    def balance(self) -> Balance:
        """Return the sums of the ledger."""
        return Balance(
            charged=self.charged_minor,
            credited=self.credited_minor,
            reversed=self.reversed_minor,
            discounted=self.discounted_minor,
            written_off=self.written_off_minor,
            refunded=self.refunded_minor,
            returned=self.returned_minor,
        )

    def book(self, sums: Balance) -> None:
        """Set the sums of the ledger and the status that follows from them."""
        for name, amount in sums._asdict().items():
            setattr(self, f"{name}_minor", amount)
        self.status = rules.status_of(self.issued_at, sums, self.undone_at)

    def issue(self, number: int, now: datetime, due_after: timedelta) -> None:
        """Number and issue the invoice."""
        if self.issued_at is not None:
            raise ALREADY_ISSUED()
        if self.is_held:
            raise LINE_HELD()
        self.number, self.issued_at, self.due_at, self.remind_at = number, now, now + due_after, now + due_after

    def remind(self, now: datetime) -> None:
        """Record a notice about the open amount. The next one is the first reminder that is still to come."""
        self.overdue_at = self.overdue_at or now
        self.remind_at = rules.next_reminder(self.due_at or now, now)

    def issue_as_credit(self, number: int, now: datetime) -> None:
        """Number and issue a credit note. Its ledger is empty, so it is never paid, due or overdue."""
        self.number, self.issued_at, self.status = number, now, InvoiceStatus.ISSUED

    def void(self, now: datetime, reason: str) -> None:
        """Record that an admin voided the invoice."""
        self.reason = reason
        self.undo(now)

    def stop_gathering(self, revision: int) -> None:
        """Let the invoice be issued. The visit has this revision now."""
        self.gathers_until, self.visit_revision = None, revision

    def leave_visit(self) -> None:
        """Let the invoice be issued without the visit, whose completion is charged and undone on its own."""
        self.gathers_until, self.doctor_id = None, None

    def undo(self, now: datetime) -> None:
        """Record that nothing is owed any more. The first time counts."""
        self.gathers_until = None
        self.undone_at = self.undone_at or now
        self.status = rules.status_of(self.issued_at, self.balance, self.undone_at)


class UndoneVisit(Base):
    """A visit whose completion was undone. An older completion whose event arrives later charges nothing."""

    __tablename__ = "undone_visit"

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    """Revision of the visit at the last undoing."""


class InvoiceLine(Base):
    """A charged item. The line is held while its code or price is unknown (null). Credit notes have negative prices."""

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
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The part of quantity by price that is not charged."""
    tax_basis_points: Mapped[int] = mapped_column(default=0, server_default="0")
    """The tax rate in hundredths of a percent."""
    tax_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    source_event: Mapped[UUID]
    """The event that caused the charge, so that nothing is charged twice. A credit note's lines share a new id."""
    position: Mapped[int] = mapped_column(server_default="0", default=0)
    """The place of the line among those of its event."""
    corrects_line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    """The line that this line of a credit note corrects."""

    def __init__(self, **columns: object) -> None:
        """Start without discount and tax."""
        super().__init__(**{"quantity": 1, "discount_minor": 0, "tax_basis_points": 0, "tax_minor": 0, **columns})

    @property
    def is_held(self) -> bool:
        """Return whether the price is unknown."""
        return self.unit_price_minor is None

    @property
    def net_minor(self) -> int:
        """Return the amount before tax; 0 for a held line."""
        return rules.net_of(self)

    @property
    def amount_minor(self) -> int:
        """Return the amount with tax; 0 for a held line."""
        return rules.amount_of(self)

    def price(self, name: str, unit_price_minor: int, tax_basis_points: int = 0) -> None:
        """Set the price of a held line, and the tax on it."""
        if not self.is_held:
            raise ALREADY_PRICED()
        self.name, self.unit_price_minor, self.tax_basis_points = name, unit_price_minor, tax_basis_points
        self.tax_minor = rules.tax_on(self.net_minor, tax_basis_points)

    def copy(self, source_event: UUID, position: int) -> "InvoiceLine":
        """Return the same charge, caused by another event."""
        names = ("code", "name", "quantity", "unit_price_minor", "discount_minor", "tax_basis_points", "tax_minor")
        facts = {name: getattr(self, name) for name in names}
        return InvoiceLine(**facts, source_event=source_event, position=position)

    def discount(self, amount_minor: int) -> None:
        """Lower the amount before tax, and the tax with it."""
        self.discount_minor += amount_minor
        self.tax_minor = rules.tax_on(self.net_minor, self.tax_basis_points)
