"""Tables of dispenses. Rows are never changed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base


class Dispense(AppendOnly, Base):
    """Medicines that a pharmacist gave to a patient on one occasion."""

    __tablename__ = "dispense"
    __table_args__ = (
        Index("ix_dispense_prescription_id_id", "prescription_id", "id"),
        Index("ix_dispense_patient_id_id", "patient_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    patient_id: Mapped[UUID]
    dispensed_by: Mapped[UUID]
    dispensed_at: Mapped[datetime]


class DispenseLine(AppendOnly, Base):
    """The part of a dispense that came from one batch."""

    __tablename__ = "dispense_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_is_positive"),
        Index("ix_dispense_line_prescription_item_id", "prescription_item_id"),
    )

    dispense_id: Mapped[UUID] = mapped_column(ForeignKey("dispense.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    prescription_item_id: Mapped[UUID] = mapped_column(ForeignKey("prescription_item.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batch.id"))
    medicine: Mapped[str] = mapped_column(String(200))
    """The name of the item of the inventory on that day."""
    batch: Mapped[str] = mapped_column(String(50))
    expires_on: Mapped[date]
    quantity: Mapped[int]
    units_per_dose: Mapped[float | None] = mapped_column(Numeric(asdecimal=False))
    """How many units made the prescribed dose; null if the strength or the dose was not comparable."""
    strength_reason: Mapped[str | None] = mapped_column(String(500))
    """Why the pharmacist dispensed a strength that differs from the prescribed dose."""


class DeclinedDispense(AppendOnly, Base):
    """A pharmacist declined to dispense a prescription."""

    __tablename__ = "declined_dispense"
    __table_args__ = (Index("ix_declined_dispense_prescription_id_id", "prescription_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    patient_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(String(500))
    declined_by: Mapped[UUID]
    declined_at: Mapped[datetime]
