"""A model of the visits of a few doctors and patients. It has the rules of the domain and no database.

A method `refusals_of_...` returns the codes that are right now. The service must refuse a request with a code of the
set, and must accept it if the set is empty. Other methods apply an accepted request to the model.
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
"""The named doctor is unknown or suspended. The caller gets `not_found`, although the visit exists."""


@dataclass(frozen=True)
class Hours:
    """Hours of a doctor in UTC, the same on each day. The model needs no arithmetic of time zones."""

    opens: time
    slots: int
    length: timedelta

    def end_of(self, starts_at: datetime) -> datetime | None:
        """The end of the slot with this start, or None if there is no such slot."""
        first = datetime.combine(starts_at.date(), self.opens, UTC)
        begins = [first + number * self.length for number in range(self.slots)]
        return starts_at + self.length if starts_at in begins else None


@dataclass(eq=False)
class Visit:
    """A visit, with its new history rows and its new events."""

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
    events: list[tuple[Any, ...]] = field(default_factory=list)

    def become(self, status: str, event: str, /, names: Sequence[str] = ("status",), **more: Any) -> None:
        """Set the status, increase the revision, and add a history row and an event."""
        self.status, self.revision = status, self.revision + 1
        self.first_call = status == "displaced" or (status == "requested" and self.first_call)
        when, what = (self.starts_at, self.ends_at), (self.overbooked, list(names))
        self.history.append((self.id, self.revision, status, self.doctor, *when, *what))
        ids = (self.doctor, self.patient)
        self.events.append((self.id, event, self.revision, self.starts_at, self.ends_at, *ids, more))

    def overlaps(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether the visit overlaps a time."""
        return self.starts_at < ends_at and starts_at < self.ends_at

    @property
    def facts(self) -> dict[str, Any]:
        """The facts that a move may change. Visits of the machine have no place and no reason."""
        return {
            "status": self.status,
            "doctor_id": self.doctor,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "overbooked": self.overbooked,
        }

    @property
    def row(self) -> tuple[Any, ...]:
        """The visit as a row of the database."""
        times, flags = (self.starts_at, self.ends_at), (self.overbooked, self.first_call)
        return (self.doctor, self.patient, *times, self.status, *flags, self.revision)


@dataclass
class SlotRequest:
    """A requested time with a doctor for a patient. `minutes` is the length of an overbooked visit, else None."""

    doctor: UUID
    patient: UUID
    starts_at: datetime
    minutes: int | None = None


@dataclass
class Model:
    """Hours, times off and suspensions of doctors, and the visits."""

    hours: dict[UUID, Hours]
    now: datetime
    visits: dict[UUID, Visit] = field(default_factory=dict)
    times_off: dict[UUID, tuple[UUID, datetime, datetime]] = field(default_factory=dict)
    suspended_since: dict[UUID, datetime] = field(default_factory=dict)

    # --- refusals -----------------------------------------------------------------------------------------------------

    def refusals_of_booking(self, wish: SlotRequest, *, but: Visit | None = None) -> set[str]:
        """Refusals of a visit at a time. The visit `but` is ignored."""
        codes = self._refusals_of_time(wish.starts_at) | self._refusals_of_doctor(wish.doctor, but)
        codes |= {"own_visit"} if wish.doctor == wish.patient else set()
        ends_at = self.end_of(wish)
        if ends_at is None or self._is_away(wish.doctor, wish.starts_at, ends_at):
            codes.add("outside_hours")
        return codes | self._overlaps_of(wish, ends_at or wish.starts_at + timedelta(minutes=1), but)

    def _overlaps_of(self, wish: SlotRequest, ends_at: datetime, but: Visit | None) -> set[str]:
        codes = set[str]()
        for visit in self.visits.values():
            if visit is but or visit.status not in ACTIVE or not visit.overlaps(wish.starts_at, ends_at):
                continue
            if visit.patient == wish.doctor or (visit.doctor == wish.doctor and wish.minutes is None):
                codes.add("slot_taken")
            if wish.patient in (visit.patient, visit.doctor):
                codes.add("patient_busy")
        return codes

    def refusals_of_arrival(self, visit: Visit) -> set[str]:
        """Refusals of marking the patient as arrived."""
        if visit.status != "no_show":
            return self.refusals_of_start(visit)
        return self._refusals_of_own_time(visit) | ({"too_late"} if self.now - visit.ends_at > DAY else set())

    def refusals_of_start(self, visit: Visit) -> set[str]:
        """Refusals of starting the visit."""
        return {"too_early"} if visit.starts_at - self.now > DAY else set()

    def _refusals_of_own_time(self, visit: Visit) -> set[str]:
        """Refusals of restoring the time of a visit that is not active."""
        minutes = 1 if visit.overbooked else None
        wish = SlotRequest(visit.doctor, visit.patient, visit.starts_at, minutes)
        codes = self._refusals_of_doctor(visit.doctor, visit) | self._overlaps_of(wish, visit.ends_at, visit)
        codes |= {"outside_hours"} if self._is_away(visit.doctor, visit.starts_at, visit.ends_at) else set()
        return codes

    def _refusals_of_doctor(self, doctor: UUID, but: Visit | None) -> set[str]:
        """Refusals because the doctor is suspended."""
        if doctor not in self.suspended_since:
            return set()
        return {"doctor_gone"} if but is not None and but.doctor == doctor else {NO_DOCTOR}

    def is_too_late(self, visit: Visit) -> bool:
        """Whether a request has expired, even if no timer has run."""
        return visit.status == "requested" and self._has_expired(visit)

    def _refusals_of_time(self, starts_at: datetime) -> set[str]:
        if starts_at <= self.now:
            return {"not_in_future"}
        return {"too_far_ahead"} if starts_at - self.now > 180 * DAY else set()

    def _is_away(self, doctor: UUID, starts_at: datetime, ends_at: datetime) -> bool:
        return any(away == doctor and a < ends_at and starts_at < b for away, a, b in self.times_off.values())

    def end_of(self, wish: SlotRequest) -> datetime | None:
        """The end of the visit, or None if there is no such slot."""
        if wish.minutes is not None:
            return wish.starts_at + timedelta(minutes=wish.minutes)
        return self.hours[wish.doctor].end_of(wish.starts_at)

    def refusals_of_request(self, patient: UUID) -> set[str]:
        """Refusals because the patient has too many open requests."""
        own = [v for v in self.visits.values() if v.patient == patient and not v.first_call]
        return {"too_many_requests"} if len([v for v in own if v.status == "requested"]) >= 5 else set()

    def refusals_of_move(self, visit: Visit, by: str, wish: SlotRequest) -> set[str]:
        """Refusals of moving a visit, by the patient, the doctor or the desk, to another time or doctor."""
        codes = self.refusals_of_booking(wish, but=visit)
        codes |= {"desk_only"} if by != "desk" and wish.minutes else set()
        codes |= {"desk_only"} if by == "doctor" and wish.doctor != visit.doctor else set()
        if by == "patient" and visit.status == "booked":
            codes |= self.refusals_of_request(visit.patient)
            codes |= {"late_cancel"} if self.is_late(visit) else set()
        return codes

    def has_attended(self, doctor: UUID, patient: UUID) -> bool:
        """Whether the patient has attended a visit with the doctor. No example lasts for a year."""
        own = [v for v in self.visits.values() if (v.doctor, v.patient) == (doctor, patient)]
        return any(visit.status in (*PRESENT, "fulfilled") and visit.starts_at <= self.now for visit in own)

    def is_late(self, visit: Visit) -> bool:
        """Whether the visit is booked and begins within a day."""
        return visit.status == "booked" and visit.starts_at - self.now < DAY

    def overlapping_visits(self, doctor: UUID, starts_at: datetime, ends_at: datetime) -> list[Visit]:
        """The active visits that overlap a time off. A past visit counts on its day if its patient is present."""
        today = self.now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        own = (v for v in self.visits.values() if v.doctor == doctor and v.status in ACTIVE)
        open_ones = (v for v in own if v.ends_at > self.now or (v.status in PRESENT and v.ends_at > today))
        return [visit for visit in open_ones if visit.overlaps(starts_at, ends_at)]

    def refusals_of_time_off(self, doctor: UUID, starts_at: datetime, ends_at: datetime, *, displace: bool) -> set[str]:
        """Refusals of a time off. A visit whose patient is present is never displaced."""
        codes = {"not_in_future"} if ends_at <= self.now else set()
        codes |= {NO_DOCTOR} if doctor in self.suspended_since else set()
        codes |= {"time_off_overlaps"} if self._is_away(doctor, starts_at, ends_at) else set()
        overlapping = self.overlapping_visits(doctor, starts_at, ends_at)
        kept = [visit for visit in overlapping if not displace or visit.status in ("arrived", "in_progress")]
        return codes | ({"has_visits"} if kept else set())

    # --- changes ------------------------------------------------------------------------------------------------------

    def book(self, visit_id: UUID, wish: SlotRequest, status: str, by: str) -> Visit:
        """Add a new visit."""
        ends_at = self.end_of(wish)
        assert ends_at is not None
        overbooked = wish.minutes is not None
        visit = Visit(visit_id, wish.doctor, wish.patient, wish.starts_at, ends_at, status, overbooked)
        visit.requested_at = self.now if status == "requested" else None
        more: dict[str, Any] = {} if status == "requested" else {"by": by, "overbooked": overbooked}
        visit.become(status, f"appointment_{status}", names=(), **more)
        self.visits[visit_id] = visit
        return visit

    def move(self, visit: Visit, wish: SlotRequest, status: str, by: str) -> None:
        """Move a visit to another time, another doctor, or both."""
        ends_at = self.end_of(wish)
        assert ends_at is not None
        former, before = None if visit.doctor == wish.doctor else str(visit.doctor), visit.facts
        visit.doctor, visit.starts_at, visit.ends_at = wish.doctor, wish.starts_at, ends_at
        visit.overbooked, visit.displaced_at = wish.minutes is not None, None
        visit.requested_at = self.now if status == "requested" else None
        after = {**visit.facts, "status": status}
        changed = [name for name, value in before.items() if after[name] != value]
        more = {"status": status, "former_doctor_id": former, "changed": changed, "by": by}
        visit.become(status, "appointment_rescheduled", names=changed, **more)

    def displace(self, visit: Visit) -> None:
        """Displace a visit."""
        visit.displaced_at = self.now
        visit.become("displaced", "appointment_displaced")

    def undo(self, visit: Visit) -> None:
        """Undo the completion of a visit."""
        status = "displaced" if self._refusals_of_own_time(visit) else "booked"
        status = "cancelled" if self._is_missed(visit) else status
        visit.displaced_at = self.now if status == "displaced" else None
        visit.become(status, "visit_completion_undone", status=status)

    def apply_timers(self) -> None:
        """Apply the timers at the current time."""
        for visit in self.visits.values():
            if self._has_expired(visit):
                visit.become("expired", "appointment_expired")
            elif self._is_stranded(visit):
                self._displace_near(visit)
            elif visit.status == "booked" and self._is_missed(visit):
                visit.become("no_show", "appointment_missed")

    def _is_stranded(self, visit: Visit) -> bool:
        """Whether the doctor is suspended, and was suspended before the end of the visit."""
        left_at = self.suspended_since.get(visit.doctor)
        return visit.status in ("requested", "booked") and left_at is not None and left_at < visit.ends_at

    def _displace_near(self, visit: Visit) -> None:
        if visit.starts_at - self.now < DAY:
            self.displace(visit)

    def _is_missed(self, visit: Visit) -> bool:
        """Whether a booked visit counts as missed. No visit of the machine ends at midnight."""
        is_past = self.now.astimezone(ZONE).date() > visit.ends_at.astimezone(ZONE).date()
        return is_past and self.now - visit.ends_at >= 2 * HOUR

    def _has_expired(self, visit: Visit) -> bool:
        if visit.status == "requested":
            return self.now - _not_none(visit.requested_at) >= 2 * DAY or self.now >= visit.starts_at
        return visit.status == "displaced" and self.now - _not_none(visit.displaced_at) >= 14 * DAY

    def take_new_changes(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """Return and clear the history rows and the events since the last call."""
        history = [row for visit in self.visits.values() for row in visit.history]
        events = [event for visit in self.visits.values() for event in visit.events]
        for visit in self.visits.values():
            visit.history, visit.events = [], []
        return history, events


def _not_none(moment: datetime | None) -> datetime:
    assert moment is not None
    return moment
