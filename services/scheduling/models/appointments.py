"""Tables of appointments and their history, and the moves that an appointment may make."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Table, false, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from chassis.persistence.tables import BigSerial
from chassis.refusals import Refusal
from contracts.scheduling.appointments.commands import CANNOT_BE_CANCELLED, CANNOT_BE_MOVED, NOT_REQUESTED
from contracts.scheduling.appointments.visits import NOT_BOOKED, NOT_FULFILLED, NOT_IN_PROGRESS, TOO_EARLY
from contracts.scheduling.refusals import NOT_WAITING, TOO_LATE
from services.scheduling.models.base import Base
from services.scheduling.rules import Slot

ACTIVE = ("requested", "booked", "arrived", "in_progress")
"""The states in which an appointment takes the doctor's and the patient's time."""


WAITING = ("requested", "booked", "arrived")
"""The states before the visit starts."""


MOVABLE = ("requested", "booked", "displaced")
"""The states in which an appointment may be rescheduled or cancelled."""


PRESENT = ("arrived", "in_progress")
"""The states after arrival. Only the desk may cancel then."""


CLOSING = timedelta(hours=24)
"""How long before a booked appointment the patient can no longer change it."""


EARLIEST = timedelta(hours=24)
"""How long before the appointment the patient may arrive and the visit may start."""


LATEST_ARRIVAL = timedelta(hours=24)
"""How long after the appointment the desk may revert a no-show."""


ANSWERED_WITHIN = timedelta(hours=48)
"""How long a request waits for an answer."""


def _where(condition: str) -> dict[str, Any]:
    """Return the arguments of a partial index for both databases."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


def _only(status: str, column: str) -> Index:
    """Return an index for a timer: the appointments in one state."""
    return Index(f"ix_appointment_{status}_{column}", column, **_where(f"status = '{status}'"))


class Appointment(Base):
    """An appointment, or the request for one.

    The database refuses overlapping active appointments of a person, except overbooked ones of a doctor, and an active
    appointment of a doctor with themselves.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint(f"doctor_id <> patient_id OR status NOT IN {ACTIVE}", name="own_visit"),
        Index("ix_appointment_doctor_id_starts_at_overbooked", "doctor_id", "starts_at", **_where("overbooked")),
        Index("ix_appointment_doctor_id_starts_at_id", "doctor_id", "starts_at", "id"),
        Index("ix_appointment_patient_id_starts_at_id", "patient_id", "starts_at", "id"),
        Index("ix_appointment_starts_at_id", "starts_at", "id"),
        Index("ix_appointment_doctor_id_status_starts_at_id", "doctor_id", "status", "starts_at", "id"),
        Index("ix_appointment_status_starts_at_id", "status", "starts_at", "id"),
        _only("requested", "requested_at"),
        _only("booked", "ends_at"),
        _only("displaced", "displaced_at"),
        Index("ix_appointment_first_call_starts_at_id", "starts_at", "id", **_where("first_call")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctor.id"))
    patient_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(500))
    """Why the patient comes."""
    place: Mapped[str | None] = mapped_column(String(100))
    status_reason: Mapped[str | None] = mapped_column(String(500))
    """Why the appointment was rejected, cancelled or displaced."""
    overbooked: Mapped[bool] = mapped_column(server_default=false(), default=False)
    overbook_reason: Mapped[str | None] = mapped_column(String(500))
    first_call: Mapped[bool] = mapped_column(server_default=false(), default=False)
    """Whether the appointment was displaced and is first in line for a new time."""
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    requested_at: Mapped[datetime | None]
    """Time of the last request to the doctor."""
    displaced_at: Mapped[datetime | None]

    def accept(self, now: datetime) -> None:
        """Accept the request, before its start and within 48 hours."""
        self._must_be(("requested",), NOT_REQUESTED)
        waits_since = now if self.requested_at is None else self.requested_at
        if now >= self.starts_at or now - waits_since >= ANSWERED_WITHIN:
            raise TOO_LATE()
        self._become("booked")

    def reject(self, reason: str) -> None:
        """Reject the request."""
        self._must_be(("requested",), NOT_REQUESTED)
        self._become("rejected", reason)

    def arrive(self, now: datetime) -> None:
        """Mark the patient as arrived. A no-show may be reverted within 24 hours."""
        self._must_be(("booked", "no_show"), NOT_BOOKED)
        self._must_be_near(now)
        if self.status == "no_show" and now - self.ends_at > LATEST_ARRIVAL:
            raise TOO_LATE("The appointment ended more than 24 hours ago.")
        self._become("arrived")

    def start(self, now: datetime) -> None:
        """Start the visit."""
        self._must_be(("booked", "arrived"), NOT_BOOKED)
        self._must_be_near(now)
        self._become("in_progress")

    def complete(self) -> None:
        """Complete the visit."""
        self._must_be(("in_progress",), NOT_IN_PROGRESS)
        self._become("fulfilled")

    def check_fulfilled(self) -> None:
        """Refuse unless the visit is completed."""
        self._must_be(("fulfilled",), NOT_FULFILLED)

    def undo_completion(self, status: str, reason: str, now: datetime) -> None:
        """Undo a mistaken completion: the appointment becomes `booked`, `displaced` or `cancelled`."""
        self.check_fulfilled()
        self._become(status, None if status == "booked" else reason)
        self.displaced_at = now if status == "displaced" else None

    def miss(self, now: datetime) -> None:
        """Mark the patient as not having come."""
        self._must_be(("booked",), NOT_BOOKED)
        if now < self.starts_at:
            raise TOO_EARLY()
        self._become("no_show")

    def cancel(self, reason: str | None, by: str) -> None:
        """Cancel the appointment. The desk may also cancel after the patient has arrived."""
        self._must_be((*MOVABLE, *PRESENT) if by == "desk" else MOVABLE, CANNOT_BE_CANCELLED)
        self._become("cancelled", reason)

    def expire(self) -> None:
        """Expire a request without answer, or a displaced appointment without a new time."""
        self._must_be(("requested", "displaced"), NOT_REQUESTED)
        self._become("expired")

    def check_movable(self) -> None:
        """Refuse unless the appointment may be rescheduled or changed."""
        self._must_be(MOVABLE, CANNOT_BE_MOVED)

    def reschedule(self, doctor_id: UUID, slot: Slot, overbook_reason: str | None) -> None:
        """Set another time or doctor. The caller then calls `agree` or `ask`."""
        self.check_movable()
        self.doctor_id, self.starts_at, self.ends_at, self.place = doctor_id, *slot
        self.overbooked, self.overbook_reason = overbook_reason is not None, overbook_reason
        self.displaced_at = None

    def agree(self) -> None:
        """Book the new time. The appointment is no longer first in line."""
        self._become("booked")
        self.requested_at = None

    def ask(self, now: datetime) -> None:
        """Request the new time from the doctor."""
        self._become("requested")
        self.requested_at = now

    def describe(self, facts: Mapping[str, object]) -> None:
        """Change the place or the reason."""
        self.check_movable()
        for name, value in facts.items():
            setattr(self, name, value)
        self.revision += 1

    def hand_over(self, doctor_id: UUID) -> None:
        """Give the appointment to another doctor at the same time."""
        self._must_be(ACTIVE, NOT_WAITING)
        self.doctor_id, self.revision = doctor_id, self.revision + 1

    def displace(self, now: datetime, reason: str | None) -> None:
        """Displace the appointment: the patient needs another time and is first in line for it."""
        self._must_be(WAITING, NOT_WAITING)
        self._become("displaced", reason)
        self.displaced_at = now

    def is_late(self, now: datetime) -> bool:
        """Return whether the appointment is booked and so near that the patient can no longer change it."""
        return self.status == "booked" and self.starts_at - now < CLOSING

    def _must_be_near(self, now: datetime) -> None:
        if self.starts_at - now > EARLIEST:
            raise TOO_EARLY("The appointment is more than 24 hours ahead: reschedule it first.")

    def _must_be(self, before: tuple[str, ...], refusal: Refusal[Conflict]) -> None:
        if self.status not in before:
            raise refusal(state=self.status)

    def _become(self, status: str, reason: str | None = None) -> None:
        self.status, self.status_reason = status, reason
        self.first_call = status == "displaced" or (status == "requested" and bool(self.first_call))
        self.revision += 1


VISIT = cast("Table", Appointment.__table__)
"""The table: statements on it cost half of those on the mapped class."""


class AppointmentChange(Base):
    """The history of an appointment: each change, its author and time. Older rows lack some columns."""

    __tablename__ = "appointment_change"

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), index=True)
    revision: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    changed: Mapped[list[str] | None] = mapped_column(JSON)
    """The changed parts (`AppointmentPart`); empty for a new appointment."""
    doctor_id: Mapped[UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    place: Mapped[str | None] = mapped_column(String(100))
    overbooked: Mapped[bool | None]
    former_reason: Mapped[str | None] = mapped_column(String(500))
    """The replaced reason of the appointment."""
    reason: Mapped[str | None] = mapped_column(String(500))
    """Why the change was made."""
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]
