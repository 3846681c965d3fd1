"""Tables of doctors' weekly hours and time off."""

from datetime import date, datetime, time
from typing import cast
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Table, and_, bindparam, or_
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from chassis.persistence.tables import BigSerial
from services.scheduling.models.base import Base


class AvailabilityRule(Base):
    """Weekly hours of a doctor, in the hospital's local time; weekday 0 is Monday."""

    __tablename__ = "availability_rule"

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctor.id"), index=True)
    weekday: Mapped[int]
    from_: Mapped[time] = mapped_column("from")
    to: Mapped[time]
    slot_minutes: Mapped[int]
    place: Mapped[str | None] = mapped_column(String(100))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    """The first and the last valid day; null means unlimited."""


class TimeOff(Base):
    """A time off of a doctor."""

    __tablename__ = "time_off"
    __table_args__ = (Index("ix_time_off_doctor_id_starts_at_id", "doctor_id", "starts_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctor.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]


HOURS, AWAY = cast("Table", AvailabilityRule.__table__), cast("Table", TimeOff.__table__)
RULE = [column.label(column.key) for column in HOURS.c if column.key not in ("id", "doctor_id", "from")]
RULE.append(HOURS.c["from"].label("from_"))
VALID = and_(
    or_(HOURS.c.valid_from.is_(None), HOURS.c.valid_from <= bindparam("last_day")),
    or_(HOURS.c.valid_to.is_(None), HOURS.c.valid_to >= bindparam("first_day")),
)
"""The weekly hours that are valid on a day of the range."""
