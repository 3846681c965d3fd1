"""Tables of shifts and swaps, and the moves that they may make."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.scheduling.shifts.commands import SHIFT_CANCELLED
from contracts.scheduling.shifts.swaps import SHIFT_BEGUN, SWAP_ANSWERED, SWAP_NOT_ACCEPTED
from services.scheduling.models.base import Base

OPEN_SWAP = text("status IN ('asked', 'accepted')")


class Shift(Base):
    """A shift of a member of staff on a ward. The database refuses overlapping shifts of a person."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_shift_person_id_starts_at_id", "person_id", "starts_at", "id"),
        Index("ix_shift_person_id_status_starts_at_id", "person_id", "status", "starts_at", "id"),
        Index("ix_shift_status_starts_at_id", "status", "starts_at", "id"),
        Index("ix_shift_ward_starts_at_id", "ward", "starts_at", "id"),
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

    def must_be_assigned(self) -> None:
        """Refuse with `shift_cancelled` unless the shift is assigned."""
        if self.status != "assigned":
            raise SHIFT_CANCELLED(state=self.status)

    def must_be_ahead(self, now: datetime) -> None:
        """Refuse with `shift_begun` if the shift has started."""
        if self.starts_at <= now:
            raise SHIFT_BEGUN()

    def change(self, **changes: Any) -> None:
        """Change the person, ward or time."""
        self.must_be_assigned()
        for name, value in changes.items():
            setattr(self, name, value)
        self.revision += 1

    def cancel(self) -> None:
        """Cancel the shift."""
        self.must_be_assigned()
        self.status, self.revision = "cancelled", self.revision + 1


class ShiftSwap(Base):
    """A request to give a shift to a colleague. The database refuses a second open swap of a shift."""

    __tablename__ = "shift_swap"
    __table_args__ = (
        Index("uq_shift_swap_shift_id", "shift_id", unique=True, postgresql_where=OPEN_SWAP, sqlite_where=OPEN_SWAP),
        Index("ix_shift_swap_asked_by_created_at_id", "asked_by", "created_at", "id"),
        Index("ix_shift_swap_asked_of_created_at_id", "asked_of", "created_at", "id"),
        Index("ix_shift_swap_status_created_at_id", "status", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    shift_id: Mapped[UUID] = mapped_column(ForeignKey("shift.id"))
    asked_by: Mapped[UUID]
    asked_of: Mapped[UUID]
    in_exchange_id: Mapped[UUID | None] = mapped_column(ForeignKey("shift.id"))
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(500))
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    def accept(self) -> None:
        """Accept, as the colleague."""
        self._must_be("asked")
        self._become("accepted")

    def decline(self) -> None:
        """Decline, as the colleague, also after accepting."""
        self.must_be_open()
        self._become("declined")

    def withdraw(self) -> None:
        """Withdraw the request."""
        self.must_be_open()
        self._become("withdrawn")

    def expire(self) -> None:
        """Expire: one of the shifts started before an admin decided."""
        self.must_be_open()
        self._become("expired")

    def must_be_open(self) -> None:
        """Refuse with `swap_answered` unless the swap is open."""
        self._must_be("asked", "accepted")

    def _become(self, status: str) -> None:
        self.status, self.revision = status, self.revision + 1

    def _must_be(self, *states: str) -> None:
        if self.status not in states:
            raise SWAP_ANSWERED(state=self.status)

    def decide(self, status: str, reason: str | None) -> None:
        """Approve or refuse, as an admin."""
        if self.status != "accepted":
            raise SWAP_NOT_ACCEPTED(state=self.status)
        self.reason = reason
        self._become(status)
