"""Tables of critical alerts: the alert with its place on the ladder, its steps, and its acknowledgement."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.clinical.critical_alerts import CriticalAlertStatus, CriticalStep
from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base
from services.clinical.models.decimals import Exact

IS_OPEN = text(f"status = '{CriticalAlertStatus.OPEN}'")
WAITS = text("next_at IS NOT NULL")


class CriticalAlert(Base):
    """One critical version of a result. Only its place on the ladder and its state change."""

    __tablename__ = "critical_alert"
    __table_args__ = (
        UniqueConstraint("result_id", "result_version"),
        Index("ix_critical_alert_next_at", "next_at", sqlite_where=WAITS, postgresql_where=WAITS),
        Index("ix_critical_alert_status_raised_at_id", "status", "raised_at", "id"),
        Index("ix_critical_alert_doctor_id", "doctor_id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("ix_critical_alert_patient_id", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    result_id: Mapped[UUID]
    result_version: Mapped[int]
    order_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID | None]
    """The ordering doctor; null for results of an outside laboratory."""
    test: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    value: Mapped[Decimal] = mapped_column(Exact)
    unit: Mapped[str] = mapped_column(String(30))
    flag: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    step: Mapped[str] = mapped_column(String(20))
    """The last step that was taken."""
    next_at: Mapped[datetime | None]
    """The time of the next step; null at the end of the ladder."""
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    def climb(self, step: CriticalStep, next_at: datetime | None) -> None:
        """Take a step of the ladder."""
        self.step, self.next_at = step, next_at

    def close(self, status: CriticalAlertStatus, now: datetime) -> None:
        """Stop the ladder."""
        self.status, self.next_at, self.closed_at = status, None, now


class CriticalAlertStep(AppendOnly, Base):
    """One step of an alert: who was notified when. Each step happens once."""

    __tablename__ = "critical_alert_step"
    __table_args__ = (UniqueConstraint("alert_id", "step"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("critical_alert.id"))
    step: Mapped[str] = mapped_column(String(20))
    recipient_ids: Mapped[list[str]] = mapped_column(JSON)
    """The notified doctors. The step `admins` names none: notify knows the admins."""
    at: Mapped[datetime]


class CriticalAcknowledgement(AppendOnly, Base):
    """A doctor acknowledged a critical result, with the value as it was then."""

    __tablename__ = "critical_acknowledgement"
    __table_args__ = (UniqueConstraint("alert_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("critical_alert.id"))
    result_id: Mapped[UUID]
    result_version: Mapped[int]
    how: Mapped[str] = mapped_column(String(30))
    comment: Mapped[str | None] = mapped_column(String(1000))
    test: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    value: Mapped[Decimal] = mapped_column(Exact)
    unit: Mapped[str] = mapped_column(String(30))
    flag: Mapped[str] = mapped_column(String(20))
    acknowledged_by: Mapped[UUID]
    acknowledged_at: Mapped[datetime]
