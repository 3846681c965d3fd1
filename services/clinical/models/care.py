"""The table of care relations between doctors and patients."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.clinical.models.base import Base


class CareRelation(Base):
    """A doctor treats a patient for a period, because of one appointment."""

    __tablename__ = "care_relation"
    __table_args__ = (
        CheckConstraint('until > "from"', name="until_after_from"),
        Index("ix_care_relation_doctor_id_patient_id", "doctor_id", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    doctor_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    from_: Mapped[datetime] = mapped_column("from")
    until: Mapped[datetime]
    """The end of the period, which does not belong to it."""
    appointment_id: Mapped[UUID] = mapped_column(unique=True)
    revision: Mapped[int]
    """Revision of the appointment in the last event, so that a stale event never wins."""
