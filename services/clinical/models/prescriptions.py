"""Tables of prescriptions. A prescription never changes, except its status; a change is a new row."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base


class Prescription(AppendOnly, Base):
    """Medicines that a doctor prescribed to a patient on one occasion. Only `status` changes."""

    __tablename__ = "prescription"
    __table_args__ = (Index("ix_prescription_patient_id_created_at_id", "patient_id", "created_at", "id"),)
    changing: ClassVar[frozenset[str]] = frozenset({"status"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(20))
    instructions: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    items: Mapped[list["PrescriptionItem"]] = relationship(order_by="PrescriptionItem.position", lazy="raise")


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

    @property
    def dose(self) -> dict[str, float | str]:
        """Return the dose as the contract has it: `{"value": 500.0, "unit": "mg"}`."""
        return {"value": self.dose_value, "unit": self.dose_unit}
