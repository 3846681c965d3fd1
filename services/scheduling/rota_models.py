"""The tables of the staff's work: who there is, their shifts and swaps, their tasks, and links to calendars."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.scheduling.base import Base

OPEN_SWAP = text("status IN ('asked', 'accepted')")


class StaffMember(Base):
    """A copy of what auth knows of one of the staff: whether there is anybody of this id who works."""

    __tablename__ = "staff_member"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    is_active: Mapped[bool]
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the event that this copy is of, so that a stale one never wins."""


class Shift(Base):
    """A time in which one of the staff works on a ward. The database refuses two of a person that overlap."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_shift_person_id_starts_at_id", "person_id", "starts_at", "id"),
        Index("ix_shift_starts_at_id", "starts_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID]
    ward: Mapped[str] = mapped_column(String(100))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class ShiftSwap(Base):
    """The wish to give a shift to somebody else. A shift has one that is open at most: the database refuses."""

    __tablename__ = "shift_swap"
    __table_args__ = (
        Index("uq_shift_swap_shift_id", "shift_id", unique=True, postgresql_where=OPEN_SWAP, sqlite_where=OPEN_SWAP),
        Index("ix_shift_swap_asked_by_created_at_id", "asked_by", "created_at", "id"),
        Index("ix_shift_swap_asked_of_created_at_id", "asked_of", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    shift_id: Mapped[UUID] = mapped_column(ForeignKey("shift.id"))
    asked_by: Mapped[UUID]
    asked_of: Mapped[UUID]
    in_exchange_id: Mapped[UUID | None] = mapped_column(ForeignKey("shift.id"))
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]


class Task(Base):
    """Something that one of the staff is to do."""

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_owner_id_created_at_id", "owner_id", "created_at", "id"),
        Index("ix_task_created_at_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(String(2000))
    owner_id: Mapped[UUID]
    given_by: Mapped[UUID]
    patient_id: Mapped[UUID | None] = mapped_column(index=True)
    priority: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(20))
    status_reason: Mapped[str | None] = mapped_column(String(500))
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class CalendarLink(Base):
    """A person's link to the own calendar, of which only the digest is known. Each has one at most."""

    __tablename__ = "calendar_link"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
