"""What the visits of a few doctors and patients ought to be, told without a database: the rules of the domain alone.

Each method that asks says which refusals are right at this moment, as a set of codes: when it is empty the request must
be done, else it must be refused with one of them. The methods that do say what has become of the visit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

ACTIVE = ("requested", "booked", "arrived", "in_progress")
TO_COME = ("requested", "booked", "arrived")
PRESENT = ("arrived", "in_progress")
MOVABLE = ("requested", "booked", "displaced")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ZONE = ZoneInfo("Europe/Berlin")
NOT_FOUND = {"not_found"}
NO_DOCTOR = "no_doctor"
"""There is no doctor of that id who can be visited: the caller learns `not_found`, of a visit that is well there."""


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

    def becomes(self, status: str, event: str, /, names: Sequence[str] = ("status",), **more: Any) -> None:
        """One revision more, one row of history that names what is not as it was, one event."""
        self.status, self.revision = status, self.revision + 1
        self.first_call = status == "displaced" or (status == "requested" and self.first_call)
        when, what = (self.starts_at, self.ends_at), (self.overbooked, list(names))
        self.history.append((self.id, self.revision, status, self.doctor, *when, *what))
        people = (self.doctor, self.patient)
        self.said.append((self.id, event, self.revision, self.starts_at, self.ends_at, *people, more))

    def overlaps(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether they share a moment."""
        return self.starts_at < ends_at and starts_at < self.ends_at

    @property
    def facts(self) -> dict[str, Any]:
        """What may be another when it has moved: nothing of the machine has a place, or a reason."""
        return {
            "status": self.status,
            "doctor_id": self.doctor,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "overbooked": self.overbooked,
        }

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
    """Doctors' hours and times off, since when some cannot be visited, and the visits."""

    hours: dict[UUID, Hours]
    now: datetime
    visits: dict[UUID, Visit] = field(default_factory=dict)
    off: dict[UUID, tuple[UUID, datetime, datetime]] = field(default_factory=dict)
    gone: dict[UUID, datetime] = field(default_factory=dict)

    # --- what is refused ---------------------------------------------------------------------------------------------

    def against(self, wish: Wish, *, but: Visit | None = None) -> set[str]:
        """What stands against a visit at that time."""
        codes = self._against_time(wish.starts_at) | self._against_doctor(wish.doctor, but)
        codes |= {"own_visit"} if wish.doctor == wish.patient else set()
        ends_at = self.end_of(wish)
        if ends_at is None or self._is_off(wish.doctor, wish.starts_at, ends_at):
            codes.add("outside_hours")
        return codes | self._in_the_way(wish, ends_at or wish.starts_at + timedelta(minutes=1), but)

    def _in_the_way(self, wish: Wish, ends_at: datetime, but: Visit | None) -> set[str]:
        codes = set[str]()
        for visit in self.visits.values():
            if visit is but or visit.status not in ACTIVE or not visit.overlaps(wish.starts_at, ends_at):
                continue
            if visit.patient == wish.doctor or (visit.doctor == wish.doctor and wish.minutes is None):
                codes.add("slot_taken")
            if wish.patient in (visit.patient, visit.doctor):
                codes.add("patient_busy")
        return codes

    def against_coming(self, visit: Visit) -> set[str]:
        """What stands against a patient who is at the desk."""
        if visit.status != "no_show":
            return self.too_early(visit)
        return self._against_its_time(visit) | ({"too_late"} if self.now - visit.ends_at > DAY else set())

    def too_early(self, visit: Visit) -> set[str]:
        """What stands against a visit that is to begin, or whose patient is there."""
        return {"too_early"} if visit.starts_at - self.now > DAY else set()

    def _against_its_time(self, visit: Visit) -> set[str]:
        """What stands against a visit that takes no time and is to take its own again."""
        minutes = 1 if visit.overbooked else None
        wish = Wish(visit.doctor, visit.patient, visit.starts_at, minutes)
        codes = self._against_doctor(visit.doctor, visit) | self._in_the_way(wish, visit.ends_at, visit)
        codes |= {"outside_hours"} if self._is_off(visit.doctor, visit.starts_at, visit.ends_at) else set()
        return codes

    def _against_doctor(self, doctor: UUID, but: Visit | None) -> set[str]:
        """What stands against a doctor who cannot be visited now."""
        if doctor not in self.gone:
            return set()
        return {"doctor_gone"} if but is not None and but.doctor == doctor else {NO_DOCTOR}

    def is_too_late(self, visit: Visit) -> bool:
        """Whether a request is not to be accepted any more, although no timer has looked at it."""
        return visit.status == "requested" and self._has_expired(visit)

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
        mine = [v for v in self.visits.values() if v.patient == patient and not v.first_call]
        return {"too_many_requests"} if len([v for v in mine if v.status == "requested"]) >= 5 else set()

    def against_moving(self, visit: Visit, by: str, wish: Wish) -> set[str]:
        """What stands against moving a visit, by its patient, its doctor or the desk, to where it is not yet."""
        codes = self.against(wish, but=visit)
        codes |= {"desk_only"} if by != "desk" and wish.minutes else set()
        codes |= {"desk_only"} if by == "doctor" and wish.doctor != visit.doctor else set()
        if by == "patient" and visit.status == "booked":
            codes |= self.too_many(visit.patient)
            codes |= {"late_cancel"} if self.is_late(visit) else set()
        return codes

    def have_met(self, doctor: UUID, patient: UUID) -> bool:
        """Whether the patient has been there for a visit to the doctor, at its time; no example lasts for a year."""
        mine = [v for v in self.visits.values() if (v.doctor, v.patient) == (doctor, patient)]
        return any(visit.status in (*PRESENT, "fulfilled") and visit.starts_at <= self.now for visit in mine)

    def is_late(self, visit: Visit) -> bool:
        """Whether it is agreed and begins within a day."""
        return visit.status == "booked" and visit.starts_at - self.now < DAY

    def in_the_way(self, doctor: UUID, starts_at: datetime, ends_at: datetime) -> list[Visit]:
        """The visits that a time off would meet; what is over only while its patient has been there since today."""
        today = self.now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        mine = (v for v in self.visits.values() if v.doctor == doctor and v.status in ACTIVE)
        open_ones = (v for v in mine if v.ends_at > self.now or (v.status in PRESENT and v.ends_at > today))
        return [visit for visit in open_ones if visit.overlaps(starts_at, ends_at)]

    def against_time_off(self, doctor: UUID, starts_at: datetime, ends_at: datetime, *, displace: bool) -> set[str]:
        """What stands against a time off. A patient who is there already is not sent away."""
        codes = {"not_in_future"} if ends_at <= self.now else set()
        codes |= {NO_DOCTOR} if doctor in self.gone else set()
        codes |= {"time_off_overlaps"} if self._is_off(doctor, starts_at, ends_at) else set()
        met = self.in_the_way(doctor, starts_at, ends_at)
        stay = [visit for visit in met if not displace or visit.status in ("arrived", "in_progress")]
        return codes | ({"has_visits"} if stay else set())

    # --- what is done ------------------------------------------------------------------------------------------------

    def book(self, visit_id: UUID, wish: Wish, status: str, by: str) -> Visit:
        """A new visit."""
        ends_at = self.end_of(wish)
        assert ends_at is not None
        overbooked = wish.minutes is not None
        visit = Visit(visit_id, wish.doctor, wish.patient, wish.starts_at, ends_at, status, overbooked)
        visit.requested_at = self.now if status == "requested" else None
        more: dict[str, Any] = {} if status == "requested" else {"by": by, "overbooked": overbooked}
        visit.becomes(status, f"appointment_{status}", names=(), **more)
        self.visits[visit_id] = visit
        return visit

    def move(self, visit: Visit, wish: Wish, status: str, by: str) -> None:
        """Another time, another doctor, or both."""
        ends_at = self.end_of(wish)
        assert ends_at is not None
        former, before = None if visit.doctor == wish.doctor else str(visit.doctor), visit.facts
        visit.doctor, visit.starts_at, visit.ends_at = wish.doctor, wish.starts_at, ends_at
        visit.overbooked, visit.displaced_at = wish.minutes is not None, None
        visit.requested_at = self.now if status == "requested" else None
        after = {**visit.facts, "status": status}
        changed = [name for name, value in before.items() if after[name] != value]
        more = {"status": status, "former_doctor_id": former, "changed": changed, "by": by}
        visit.becomes(status, "appointment_rescheduled", names=changed, **more)

    def displace(self, visit: Visit) -> None:
        """It loses its time to the doctor."""
        visit.displaced_at = self.now
        visit.becomes("displaced", "appointment_displaced")

    def undo(self, visit: Visit) -> None:
        """It was completed by mistake."""
        status = "displaced" if self._against_its_time(visit) else "booked"
        status = "cancelled" if self._is_missed(visit) else status
        visit.displaced_at = self.now if status == "displaced" else None
        visit.becomes(status, "visit_completion_undone", status=status)

    def pass_time(self) -> None:
        """What the timers ought to do at this moment."""
        for visit in self.visits.values():
            if self._has_expired(visit):
                visit.becomes("expired", "appointment_expired")
            elif self._is_stranded(visit):
                self._displace_near(visit)
            elif visit.status == "booked" and self._is_missed(visit):
                visit.becomes("no_show", "appointment_missed")

    def _is_stranded(self, visit: Visit) -> bool:
        """Whether its doctor cannot be visited now, and could not be at its time."""
        left_at = self.gone.get(visit.doctor)
        return visit.status in ("requested", "booked") and left_at is not None and left_at < visit.ends_at

    def _displace_near(self, visit: Visit) -> None:
        if visit.starts_at - self.now < DAY:
            self.displace(visit)

    def _is_missed(self, visit: Visit) -> bool:
        """None of the machine's visits ends at midnight."""
        is_past = self.now.astimezone(ZONE).date() > visit.ends_at.astimezone(ZONE).date()
        return is_past and self.now - visit.ends_at >= 2 * HOUR

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
