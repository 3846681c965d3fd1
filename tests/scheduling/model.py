"""What the visits of a few doctors and patients ought to be, told without a database: the rules of the domain alone.

Each method that asks says which refusals are right at this moment, as a set of codes: when it is empty the request must
be done, else it must be refused with one of them. The methods that do say what has become of the visit.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

ACTIVE = ("requested", "booked", "arrived", "in_progress")
TO_COME = ("requested", "booked", "arrived")
MOVABLE = ("requested", "booked", "displaced")
DAY = timedelta(days=1)
ZONE = ZoneInfo("Europe/Berlin")
NOT_FOUND = {"not_found"}


@dataclass(frozen=True)
class Hours:
    """A doctor's hours, the same on every day: UTC in winter, so that nothing of the rules' arithmetic is repeated."""

    opens: time
    slots: int
    length: timedelta

    def end_of(self, starts_at: datetime) -> datetime | None:
        """When the slot that begins then ends; None when there is no such slot."""
        first = datetime.combine(starts_at.date(), self.opens, UTC)
        begins = [first + number * self.length for number in range(self.slots)]
        return starts_at + self.length if starts_at in begins else None


@dataclass(eq=False)
class Visit:
    """A visit, with what is new in its history and what was newly said of it."""

    id: UUID
    doctor: UUID
    patient: UUID
    starts_at: datetime
    ends_at: datetime
    status: str
    overbooked: bool
    revision: int = 0
    requested_at: datetime | None = None
    displaced_at: datetime | None = None
    first_call: bool = False
    history: list[tuple[Any, ...]] = field(default_factory=list)
    said: list[tuple[Any, ...]] = field(default_factory=list)

    def becomes(self, status: str, event: str, /, **more: Any) -> None:
        """One revision more, one row of history, one event."""
        self.status, self.revision = status, self.revision + 1
        if status in ("booked", "displaced"):
            self.first_call = status == "displaced"
        self.history.append((self.id, self.revision, status, self.starts_at, self.doctor))
        people = (self.doctor, self.patient)
        self.said.append((self.id, event, self.revision, self.starts_at, self.ends_at, *people, more))

    def overlaps(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether they share a moment."""
        return self.starts_at < ends_at and starts_at < self.ends_at

    @property
    def row(self) -> tuple[Any, ...]:
        """As the database has it."""
        times, flags = (self.starts_at, self.ends_at), (self.overbooked, self.first_call)
        return (self.doctor, self.patient, *times, self.status, *flags, self.revision)


@dataclass
class Wish:
    """A time that somebody wants, of a doctor and for a patient; `minutes` is set where it is to be overbooked."""

    doctor: UUID
    patient: UUID
    starts_at: datetime
    minutes: int | None = None


@dataclass
class Model:
    """Doctors' hours and times off, and the visits."""

    hours: dict[UUID, Hours]
    now: datetime
    visits: dict[UUID, Visit] = field(default_factory=dict)
    off: dict[UUID, tuple[UUID, datetime, datetime]] = field(default_factory=dict)

    # --- what is refused ---------------------------------------------------------------------------------------------

    def against(self, wish: Wish, *, but: Visit | None = None) -> set[str]:
        """What stands against a visit at that time."""
        codes = self._against_time(wish.starts_at)
        ends_at = self.end_of(wish)
        if ends_at is None or self._is_off(wish.doctor, wish.starts_at, ends_at):
            codes.add("outside_hours")
        ends_at = ends_at or wish.starts_at + timedelta(minutes=1)
        for visit in self.visits.values():
            if visit is but or visit.status not in ACTIVE or not visit.overlaps(wish.starts_at, ends_at):
                continue
            if visit.doctor == wish.doctor and wish.minutes is None and not visit.overbooked:
                codes.add("slot_taken")
            if visit.patient == wish.patient:
                codes.add("patient_busy")
        return codes

    def _against_time(self, starts_at: datetime) -> set[str]:
        if starts_at <= self.now:
            return {"not_in_future"}
        return {"too_far_ahead"} if starts_at - self.now > 180 * DAY else set()

    def _is_off(self, doctor: UUID, starts_at: datetime, ends_at: datetime) -> bool:
        return any(who == doctor and a < ends_at and starts_at < b for who, a, b in self.off.values())

    def end_of(self, wish: Wish) -> datetime | None:
        """When a visit at that time ends; None when there is no such slot."""
        if wish.minutes is not None:
            return wish.starts_at + timedelta(minutes=wish.minutes)
        return self.hours[wish.doctor].end_of(wish.starts_at)

    def too_many(self, patient: UUID) -> set[str]:
        """What stands against one more request of a patient."""
        waiting = [v for v in self.visits.values() if v.patient == patient and v.status == "requested"]
        return {"too_many_requests"} if len(waiting) >= 5 else set()

    def is_late(self, visit: Visit) -> bool:
        """Whether it is agreed and begins within a day."""
        return visit.status == "booked" and visit.starts_at - self.now < DAY

    def in_the_way(self, doctor: UUID, starts_at: datetime, ends_at: datetime) -> list[Visit]:
        """The visits that a time off would meet."""
        mine = (v for v in self.visits.values() if v.doctor == doctor and v.status in ACTIVE)
        return [visit for visit in mine if visit.overlaps(starts_at, ends_at)]

    def against_time_off(self, doctor: UUID, starts_at: datetime, ends_at: datetime, *, displace: bool) -> set[str]:
        """What stands against a time off. A patient who is there already is not sent away."""
        codes = {"not_in_future"} if ends_at <= self.now else set()
        codes |= {"time_off_overlaps"} if self._is_off(doctor, starts_at, ends_at) else set()
        met = self.in_the_way(doctor, starts_at, ends_at)
        stay = [visit for visit in met if not displace or visit.status in ("arrived", "in_progress")]
        return codes | ({"has_visits"} if stay else set())

    # --- what is done ------------------------------------------------------------------------------------------------

    def book(self, visit_id: UUID, wish: Wish, status: str) -> Visit:
        """A new visit."""
        ends_at = self.end_of(wish)
        assert ends_at is not None
        overbooked = wish.minutes is not None
        visit = Visit(visit_id, wish.doctor, wish.patient, wish.starts_at, ends_at, status, overbooked)
        visit.requested_at = self.now if status == "requested" else None
        visit.becomes(status, f"appointment_{status}")
        self.visits[visit_id] = visit
        return visit

    def move(self, visit: Visit, wish: Wish, status: str) -> None:
        """Another time, another doctor, or both."""
        ends_at = self.end_of(wish)
        assert ends_at is not None
        visit.doctor, visit.starts_at, visit.ends_at = wish.doctor, wish.starts_at, ends_at
        visit.overbooked, visit.displaced_at = wish.minutes is not None, None
        visit.requested_at = self.now if status == "requested" else None
        visit.becomes(status, "appointment_rescheduled", status=status)

    def displace(self, visit: Visit) -> None:
        """It loses its time to the doctor."""
        visit.displaced_at = self.now
        visit.becomes("displaced", "appointment_displaced")

    def pass_time(self) -> None:
        """What the timers ought to do at this moment."""
        for visit in self.visits.values():
            if self._has_expired(visit):
                visit.becomes("expired", "appointment_expired")
            elif visit.status == "booked" and self.now.astimezone(ZONE).date() > visit.ends_at.astimezone(ZONE).date():
                visit.becomes("no_show", "appointment_missed")

    def _has_expired(self, visit: Visit) -> bool:
        if visit.status == "requested":
            return self.now - _known(visit.requested_at) >= 2 * DAY or self.now >= visit.starts_at
        return visit.status == "displaced" and self.now - _known(visit.displaced_at) >= 14 * DAY

    def taken(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """What should have been written into the history, and said, since the last time that this was asked."""
        written = [row for visit in self.visits.values() for row in visit.history]
        said = [event for visit in self.visits.values() for event in visit.said]
        for visit in self.visits.values():
            visit.history, visit.said = [], []
        return written, said


def _known(moment: datetime | None) -> datetime:
    assert moment is not None
    return moment
