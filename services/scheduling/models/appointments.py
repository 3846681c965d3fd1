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
"""The states in which a visit takes the doctor's and the patient's time."""


WAITING = ("requested", "booked", "arrived")
"""The states in which a visit has still to begin."""


MOVABLE = ("requested", "booked", "displaced")
"""The states in which a visit may be moved, or called off."""


PRESENT = ("arrived", "in_progress")
"""The states in which the patient is there: only the desk calls such a visit off."""


CLOSING = timedelta(hours=24)
"""How long before an agreed visit only the hospital's own people may still move it or call it off."""


EARLIEST = timedelta(hours=24)
"""How long before its time the patient of a visit may arrive, and the visit may begin."""


LATEST_ARRIVAL = timedelta(hours=24)
"""How long after the end of a visit the desk may say that the patient was not missing after all."""


ANSWERED_WITHIN = timedelta(hours=48)
"""How long a request waits for the doctor's answer."""


def _where(condition: str) -> dict[str, Any]:
    """What makes an index one of those rows alone, on both databases."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


def _only(status: str, column: str) -> Index:
    """An index for a timer, of the visits in one state alone."""
    return Index(f"ix_appointment_{status}_{column}", column, **_where(f"status = '{status}'"))


class Appointment(Base):
    """A visit, or the request for one.

    The database refuses two active ones of a person that overlap, but for the doctor's part of an overbooked one, and
    an active one of a doctor with themselves.
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
    """Why it was rejected, cancelled or displaced."""
    overbooked: Mapped[bool] = mapped_column(server_default=false(), default=False)
    overbook_reason: Mapped[str | None] = mapped_column(String(500))
    first_call: Mapped[bool] = mapped_column(server_default=false(), default=False)
    """Whether it lost its time to the doctor, and is to be given another before others."""
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    requested_at: Mapped[datetime | None]
    """Since when it waits for the doctor's answer, or waited last."""
    displaced_at: Mapped[datetime | None]

    def accept(self, now: datetime) -> None:
        """The doctor agrees, before the visit begins, and before the patient has waited for too long."""
        self._must_be(("requested",), NOT_REQUESTED)
        waits_since = now if self.requested_at is None else self.requested_at
        if now >= self.starts_at or now - waits_since >= ANSWERED_WITHIN:
            raise TOO_LATE()
        self._become("booked")

    def reject(self, reason: str) -> None:
        """The doctor does not agree."""
        self._must_be(("requested",), NOT_REQUESTED)
        self._become("rejected", reason)

    def arrive(self, now: datetime) -> None:
        """The patient is there, perhaps after somebody was sure of the contrary."""
        self._must_be(("booked", "no_show"), NOT_BOOKED)
        self._must_be_near(now)
        if self.status == "no_show" and now - self.ends_at > LATEST_ARRIVAL:
            raise TOO_LATE("The visit was over more than 24 hours ago.")
        self._become("arrived")

    def start(self, now: datetime) -> None:
        """The doctor begins."""
        self._must_be(("booked", "arrived"), NOT_BOOKED)
        self._must_be_near(now)
        self._become("in_progress")

    def complete(self) -> None:
        """The doctor is done."""
        self._must_be(("in_progress",), NOT_IN_PROGRESS)
        self._become("fulfilled")

    def check_fulfilled(self) -> None:
        """Refuse unless the visit is completed."""
        self._must_be(("fulfilled",), NOT_FULFILLED)

    def undo_completion(self, status: str, reason: str, now: datetime) -> None:
        """The completion was a mistake: the visit is `booked`, `displaced` or `cancelled` instead."""
        self.check_fulfilled()
        self._become(status, None if status == "booked" else reason)
        self.displaced_at = now if status == "displaced" else None

    def miss(self, now: datetime) -> None:
        """The patient has not come."""
        self._must_be(("booked",), NOT_BOOKED)
        if now < self.starts_at:
            raise TOO_EARLY()
        self._become("no_show")

    def cancel(self, reason: str | None, by: str) -> None:
        """It is called off: by the desk also when its patient is there, and leaves without being seen."""
        self._must_be((*MOVABLE, *PRESENT) if by == "desk" else MOVABLE, CANNOT_BE_CANCELLED)
        self._become("cancelled", reason)

    def expire(self) -> None:
        """Nobody answered in time, or nobody gave it another time."""
        self._must_be(("requested", "displaced"), NOT_REQUESTED)
        self._become("expired")

    def check_movable(self) -> None:
        """Refuse unless the visit may be moved or changed."""
        self._must_be(MOVABLE, CANNOT_BE_MOVED)

    def reschedule(self, doctor_id: UUID, slot: Slot, overbook_reason: str | None) -> None:
        """It has another time, or another doctor. `agree` or `ask` says next whether it is booked with that."""
        self.check_movable()
        self.doctor_id, self.starts_at, self.ends_at, self.place = doctor_id, *slot
        self.overbooked, self.overbook_reason = overbook_reason is not None, overbook_reason
        self.displaced_at = None

    def agree(self) -> None:
        """Its new time is agreed: it need not be given another before others."""
        self._become("booked")
        self.requested_at = None

    def ask(self, now: datetime) -> None:
        """Its new time waits for the doctor's answer."""
        self._become("requested")
        self.requested_at = now

    def describe(self, facts: Mapping[str, str | None]) -> None:
        """It has another `place` or `reason`."""
        self.check_movable()
        for name, value in facts.items():
            setattr(self, name, value)
        self.revision += 1

    def hand_over(self, doctor_id: UUID) -> None:
        """Another doctor keeps the visit, or goes on with it, at the same time."""
        self._must_be(ACTIVE, NOT_WAITING)
        self.doctor_id, self.revision = doctor_id, self.revision + 1

    def displace(self, now: datetime, reason: str | None) -> None:
        """The doctor cannot keep the visit: the patient needs another time, and is given one before others."""
        self._must_be(WAITING, NOT_WAITING)
        self._become("displaced", reason)
        self.displaced_at = now

    def is_late(self, now: datetime) -> bool:
        """Whether it is agreed, and so near that a patient can neither move it nor call it off."""
        return self.status == "booked" and self.starts_at - now < CLOSING

    def _must_be_near(self, now: datetime) -> None:
        if self.starts_at - now > EARLIEST:
            raise TOO_EARLY("The visit begins in over 24 hours: reschedule it first.")

    def _must_be(self, before: tuple[str, ...], refusal: Refusal[Conflict]) -> None:
        if self.status not in before:
            raise refusal(state=self.status)

    def _become(self, status: str, reason: str | None = None) -> None:
        self.status, self.status_reason = status, reason
        self.first_call = status == "displaced" or (status == "requested" and bool(self.first_call))
        self.revision += 1


VISIT = cast("Table", Appointment.__table__)
"""Visits as a table: statements on it cost half of those on the mapped class."""


class AppointmentChange(Base):
    """The history of an appointment: who made it what, and when. Rows of before these columns were kept lack some."""

    __tablename__ = "appointment_change"

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), index=True)
    revision: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    changed: Mapped[list[str] | None] = mapped_column(JSON)
    """The names of what is not as it was, of `CHANGES`; none of a new visit."""
    doctor_id: Mapped[UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    place: Mapped[str | None] = mapped_column(String(100))
    overbooked: Mapped[bool | None]
    former_reason: Mapped[str | None] = mapped_column(String(500))
    """Why the patient came, until this change said something else."""
    reason: Mapped[str | None] = mapped_column(String(500))
    """Why it was changed."""
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]
