"""Tables of care: who treats a patient and why, and who opened a chart."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.clinical.break_glass import ALREADY_REVIEWED
from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base


class CareRelation(Base):
    """A doctor treats a patient for a period, because of one appointment."""

    __tablename__ = "care_relation"
    __table_args__ = (
        CheckConstraint('until > "from"', name="until_after_from"),
        Index("ix_care_relation_doctor_id_patient_id", "doctor_id", "patient_id"),
        Index("ix_care_relation_patient_id", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    doctor_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    from_: Mapped[datetime] = mapped_column("from")
    until: Mapped[datetime]
    """The end of the period, which does not belong to it."""
    appointment_id: Mapped[UUID] = mapped_column(unique=True)
    starts_at: Mapped[datetime | None]
    """The planned start of the appointment; null in rows older than this column."""
    ends_at: Mapped[datetime | None]
    """The planned end of the appointment."""
    revision: Mapped[int]
    """Revision of the appointment in the last event, so that a stale event never wins."""


class Assignment(Base):
    """An admin gave a doctor the care of a patient, until an admin takes it back."""

    __tablename__ = "assignment"
    __table_args__ = (
        Index(
            "uq_assignment_doctor_id_patient_id",
            "doctor_id",
            "patient_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_assignment_patient_id_id", "patient_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID]
    reason: Mapped[str | None] = mapped_column(String(500))
    assigned_by: Mapped[UUID]
    assigned_at: Mapped[datetime]
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]

    def end(self, admin_id: UUID, now: datetime) -> None:
        """End the care. The first time counts."""
        if self.ended_at is None:
            self.ended_by, self.ended_at = admin_id, now


class BreakGlass(Base):
    """A doctor without a care relation opened a chart in an emergency, for two hours. An admin reviews it."""

    __tablename__ = "break_glass"
    __table_args__ = (
        Index("ix_break_glass_doctor_id_patient_id_until", "doctor_id", "patient_id", "until"),
        Index("ix_break_glass_opened_at_id", "opened_at", "id"),
        Index("ix_break_glass_patient_id", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(String(500))
    opened_at: Mapped[datetime]
    until: Mapped[datetime]
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    review_comment: Mapped[str | None] = mapped_column(String(500))

    def review(self, admin_id: UUID, now: datetime, comment: str | None) -> None:
        """Record the review. Refuses a second review."""
        if self.reviewed_at is not None:
            raise ALREADY_REVIEWED()
        self.reviewed_by, self.reviewed_at, self.review_comment = admin_id, now, comment


class ChartAccess(AppendOnly, Base):
    """A member of staff read a part of a chart. The patient sees the row."""

    __tablename__ = "chart_access"
    __table_args__ = (
        Index("ix_chart_access_patient_id_id", "patient_id", "id"),
        Index("ix_chart_access_reader_id_at", "reader_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    reader_id: Mapped[UUID]
    part: Mapped[str] = mapped_column(String(20))
    basis: Mapped[str] = mapped_column(String(20))
    """Why the reader may read it; see `contracts.clinical.care.AccessBasis`."""
    at: Mapped[datetime]
