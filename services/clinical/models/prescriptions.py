"""Tables of prescriptions. A prescription never changes, except its status; a change is a new row."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from contracts.clinical.dispenses import MORE_THAN_PRESCRIBED, REFILL_TOO_EARLY
from contracts.clinical.prescriptions import PRESCRIPTION_ENDED, PrescriptionStatus
from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base
from services.clinical.prescriptions import rules


class Prescription(AppendOnly, Base):
    """Medicines that a doctor prescribed to a patient on one occasion. Only `status` changes, once.

    Every change of the status holds the patient's lock (`Session.lock_people`).
    """

    __tablename__ = "prescription"
    __table_args__ = (
        Index("ix_prescription_patient_id_created_at_id", "patient_id", "created_at", "id"),
        Index("ix_prescription_status_created_at_id", "status", "created_at", "id"),
        UniqueConstraint("supersedes_id"),
    )
    changing: ClassVar[frozenset[str]] = frozenset({"status", "end"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(20))
    instructions: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    supersedes_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescription.id"))
    """The prescription that this one replaced."""
    items: Mapped[list["PrescriptionItem"]] = relationship(order_by="PrescriptionItem.position", lazy="raise")
    end: Mapped["PrescriptionEnd | None"] = relationship(lazy="raise")

    @property
    def ended_at(self) -> datetime | None:
        """Return the time at which the prescription ended."""
        return self.end.at if self.end else None

    @property
    def end_reason(self) -> str | None:
        """Return the reason to discontinue the prescription."""
        return self.end.reason if self.end else None

    def must_be_active(self) -> None:
        """Refuse if the prescription has ended."""
        if self.status != PrescriptionStatus.ACTIVE:
            raise PRESCRIPTION_ENDED(status=self.status)

    def is_over(self, now: datetime) -> bool:
        """Return whether the courses of all medicines are over. The caller has loaded the items."""
        return all(item.supply.ends_at is None or item.supply.ends_at <= now for item in self.items)

    def finish(self, status: PrescriptionStatus, author_id: UUID | None, now: datetime, reason: str | None) -> None:
        """End an active prescription. Nothing more is dispensed of it. The caller has loaded the items."""
        self.must_be_active()
        self.status = status
        self.end = PrescriptionEnd(status=status, reason=reason, author_id=author_id, at=now)
        for item in self.items:
            item.supply.close()


class PrescriptionEnd(AppendOnly, Base):
    """The end of a prescription: its time, author and reason. A prescription ends once."""

    __tablename__ = "prescription_end"

    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(500))
    author_id: Mapped[UUID | None]
    """The doctor; null if the course was over."""
    at: Mapped[datetime]


class PrescriptionItem(AppendOnly, Base):
    """One medicine of a prescription, in the doctor's order. `refills` does not count the first fill."""

    __tablename__ = "prescription_item"
    __table_args__ = (
        CheckConstraint("dose_value > 0", name="dose_is_positive"),
        UniqueConstraint("prescription_id", "position"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    position: Mapped[int]
    medicine: Mapped[str] = mapped_column(String(200))
    # No precision, because it would round a small dose to zero. SQLite has no decimals, so both databases give floats.
    dose_value: Mapped[float] = mapped_column(Numeric(asdecimal=False))
    dose_unit: Mapped[str] = mapped_column(String(30))
    route: Mapped[str] = mapped_column(String(20))
    frequency: Mapped[str] = mapped_column(String(100))
    days: Mapped[int]
    quantity: Mapped[int]
    refills: Mapped[int]
    supply: Mapped["Supply"] = relationship(lazy="raise")

    @property
    def dose(self) -> dict[str, float | str]:
        """Return the dose as the contract has it: `{"value": 500.0, "unit": "mg"}`."""
        return {"value": self.dose_value, "unit": self.dose_unit}

    @property
    def dispensed(self) -> int:
        """Return the quantity dispensed so far."""
        return self.supply.dispensed

    @property
    def fills_left(self) -> int:
        """Return the fills, whole or in part, that may still be dispensed."""
        return rules.fills_left(self.quantity, self.supply.allowed, self.supply.dispensed)

    @property
    def next_fill_at(self) -> datetime | None:
        """Return the time from which more can be dispensed; None if nothing is left."""
        return self.supply.opens_at

    @property
    def has_refills(self) -> bool:
        """Return whether something was dispensed, and a further fill was not started."""
        return rules.has_refills(self.quantity, self.supply.allowed, self.supply.dispensed)

    @property
    def owed(self) -> rules.Fill | None:
        """Return what a prescription that renews this one takes over; None if nothing is left."""
        return rules.owed(self.quantity, self.days, self.supply.allowed, self.supply.dispensed)

    def left(self, now: datetime) -> int:
        """Return the quantity that may be dispensed now."""
        opens_at = self.supply.opens_at
        if opens_at is None or opens_at > now:
            return 0
        return rules.left_of_fill(self.quantity, self.supply.allowed, self.supply.dispensed)

    def dispense(self, quantity: int, now: datetime) -> None:
        """Count a dispensed quantity. Refuses more than is left of this fill."""
        left, opens_at = self.left(now), self.supply.opens_at
        if opens_at is not None and opens_at > now:
            raise REFILL_TOO_EARLY(next_fill_at=opens_at.isoformat(), prescription_item=self.position)
        if quantity > left:
            raise MORE_THAN_PRESCRIBED(left=left, prescription_item=self.position)
        self.supply.count(
            rules.after_fill(self.quantity, self.days, self.supply.allowed, self.dispensed + quantity, now)
        )


class Supply(Base):
    """The dispensed quantity of a prescribed medicine, and the time of the next fill. The database refuses too much.

    Counted behind the patient's lock, from the lines of dispenses.
    """

    __tablename__ = "prescription_supply"
    __table_args__ = (
        CheckConstraint("dispensed >= 0", name="dispensed_not_negative"),
        CheckConstraint("dispensed <= allowed", name="no_more_than_prescribed"),
        Index("ix_prescription_supply_opens_at", "opens_at"),
        Index("ix_prescription_supply_ends_at", "ends_at"),
        Index("ix_prescription_supply_prescription_id", "prescription_id"),
    )

    prescription_item_id: Mapped[UUID] = mapped_column(ForeignKey("prescription_item.id"), primary_key=True)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    allowed: Mapped[int]
    """The quantity of all fills together."""
    dispensed: Mapped[int]
    opens_at: Mapped[datetime | None]
    """The time from which something can be dispensed; null if nothing is left, or the prescription has ended."""
    ends_at: Mapped[datetime | None]
    """The expected end of the course; null if the prescription has ended."""

    def close(self) -> None:
        """End the course."""
        self.opens_at = self.ends_at = None

    def count(self, state: rules.Course) -> None:
        """Set the state after a dispense."""
        self.dispensed, self.opens_at, self.ends_at = state
