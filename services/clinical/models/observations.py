"""Tables of the schedule of observations: its ends, and readings whose successor is late."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base


class ObservationEnd(AppendOnly, Base):
    """A nurse or doctor ended the observations of a patient, until the next reading."""

    __tablename__ = "observation_end"
    __table_args__ = (Index("ix_observation_end_patient_id_ended_at", "patient_id", "ended_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    ended_at: Mapped[datetime]
    ended_by: Mapped[UUID]
    reason: Mapped[str] = mapped_column(String(500))


class OverdueNotice(AppendOnly, Base):
    """`observations_overdue` was published for a reading, once."""

    __tablename__ = "overdue_notice"

    vitals_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
