"""When doctors can be visited: weekly hours, time off, and the free slots that follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, Page, PageQuery, PageView, Query, View, page_of
from chassis.errors import Conflict, Invalid
from chassis.refusals import Refusal
from contracts.ranges import DayOrMoment, HourMinute
from contracts.roles import ANY_ROLE, DESK, Role
from contracts.scheduling.directory import DoctorView
from contracts.scheduling.refusals import NO_SUCH_DOCTOR, NOT_IN_FUTURE, TOO_FAR_AHEAD
from contracts.several import Ids
from contracts.texts import VISIBLE, Reason
from records.fields import Facts, Key

HAS_VISITS = Refusal(
    Conflict,
    "has_visits",
    "There are visits at that time.",
    (
        "The doctor has visits at that time, `appointment_ids` says which. `displace` takes their time, but not from "
        "those whose patient is there already."
    ),
)
RANGE_TOO_LONG = Refusal(
    Invalid,
    "range_too_long",
    "Ask for up to 31 days at once.",
    "Free slots are shown for up to 31 days at once; a time off is at most 366 days long.",
)
RULES_OVERLAP = Refusal(
    Invalid,
    "rules_overlap",
    "Two of the rules overlap on some day.",
    "Two of the weekly hours meet on some day; `rules` has their places in the list, counted from 0.",
)
TIME_OFF_OVERLAPS = Refusal(
    Conflict,
    "time_off_overlaps",
    "The doctor is away then already.",
    "The doctor is away at a part of that time already.",
)
DOCTOR = frozenset({Role.DOCTOR})
GIVEN_BY = DOCTOR | {Role.ADMIN}
"""Who says when a doctor can be visited: the doctor alone, or an admin of any doctor."""
THE_DOCTOR = "The doctor."
NAMED = Facts(description="A part of the name, in any case.", example="weiss")
PLACE = (validate.Length(1, 100), VISIBLE)
FIELD = "The whole of it, in any case: `neuro` does not find `neurology`."
A_PLACE = Facts(example="Room 12")
AWAY = Facts(example="Annual leave")
AWAY_FROM = Facts(example="2026-11-23T23:00:00+00:00")
AWAY_TO = Facts(example="2026-11-27T23:00:00+00:00")
ZONE = Facts(description="The hospital's zone, by its IANA name.", example="Europe/Vienna")
LOCAL = "On the clock of the hospital, whose zone is `timezone` of the schedule."
LOCAL_DAY = "A day of the hospital, whose zone is `timezone` of the schedule."


class SlotView(View):
    """A time that can be booked, and where."""

    starts_at: datetime
    ends_at: Annotated[datetime, Facts(example="2026-11-23T09:30:00+00:00")]
    place: Annotated[str, A_PLACE] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPage(Page):
    """Free slots, and the zone of the hospital, on whose clock the doctor's hours are."""

    timezone: str


class SlotPageView(PageView):
    """A page of free slots. `timezone` is that of the hospital; the slots themselves are in UTC."""

    item = SlotView
    items: list[SlotView]
    timezone: Annotated[str, ZONE]

    @classmethod
    def dump_one(cls, value: Any) -> dict[str, Any]:
        """Plain data for a `SlotPage`."""
        return {**super().dump_one(value), "timezone": value.timezone}


class RuleView(View):
    """Weekly hours: local time of the hospital, weekday 0 is Monday. Those that end before they begin pass midnight.

    A slot fits into them. They count from the day `valid_from` to the day `valid_to`, both inclusive; null is without
    an end.
    """

    weekday: Annotated[int, validate.Range(0, 6), Facts(example=0)]
    from_: Annotated[time, HourMinute, LOCAL, Key("from")]
    to: Annotated[time, HourMinute, LOCAL]
    slot_minutes: Annotated[int, validate.Range(5, 480), Facts(example=30)]
    place: Annotated[str, PLACE, A_PLACE] | None = None
    valid_from: Annotated[date, LOCAL_DAY] | None = None
    valid_to: Annotated[date, Facts(description=LOCAL_DAY, example="2027-06-30")] | None = None

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if self.from_ == self.to:
            yield "to", "Must differ from `from`."
        if self.slot_minutes > (_minutes(self.to) - _minutes(self.from_)) % (24 * 60):
            yield "slot_minutes", "Must fit between `from` and `to`."
        first, last = self.valid_from, self.valid_to
        if first is not None and last is not None and last < first:
            yield "valid_to", "Must not be earlier than `valid_from`."


def _minutes(moment: time) -> int:
    """Since midnight."""
    return moment.hour * 60 + moment.minute


class ScheduleView(View):
    """A doctor's weekly hours, on the clock of the hospital."""

    rules: list[RuleView]
    timezone: Annotated[str, ZONE]
    revision: int


class TimeOffView(View):
    """A time in which a doctor cannot be visited."""

    id: UUID
    starts_at: Annotated[datetime, AWAY_FROM]
    ends_at: Annotated[datetime, AWAY_TO]
    reason: Annotated[str, AWAY] | None
    displaced: Annotated[list[UUID], "Visits that lost their time to it."]


class AbsenceView(View):
    """A time off as the desk sees it: without the reason."""

    id: UUID
    starts_at: Annotated[datetime, AWAY_FROM]
    ends_at: Annotated[datetime, AWAY_TO]


class TimeOffRowView(View):
    """A time off in a list."""

    id: UUID
    starts_at: Annotated[datetime, AWAY_FROM]
    ends_at: Annotated[datetime, AWAY_TO]
    reason: Annotated[str, AWAY] | None


class ListDoctors(PageQuery, service="scheduling", roles=ANY_ROLE, returns=page_of(DoctorView)):
    """The directory of doctors, by name; those with this in their name, and of this specialization, in any case."""

    ids: Annotated[Ids, Key("id")] | None = None
    name: Annotated[str, validate.Length(1, 200), NAMED] | None = None
    specialization: Annotated[str, validate.Length(max=100), FIELD] | None = None


class GetDoctor(Query, service="scheduling", roles=ANY_ROLE, returns=DoctorView):
    """One doctor in the directory."""

    doctor_id: Annotated[UUID, THE_DOCTOR]


class ListSlots(PageQuery, service="scheduling", roles=ANY_ROLE, returns=SlotPageView, refuses=(RANGE_TOO_LONG,)):
    """Free slots of a doctor, earliest first, for up to 31 days; a week from now when not told otherwise."""

    doctor_id: Annotated[UUID, THE_DOCTOR]
    from_: Annotated[DayOrMoment, Key("from")] | None = None
    to: DayOrMoment | None = None


class SetSchedule(
    Command,
    service="scheduling",
    roles=GIVEN_BY,
    returns=ScheduleView,
    revised=True,
    refuses=(NO_SUCH_DOCTOR, RULES_OVERLAP),
):
    """Replace a doctor's weekly hours: one's own, or for an admin any doctor's.

    Visits that are agreed already stay.
    """

    doctor_id: Annotated[UUID, THE_DOCTOR]
    rules: Annotated[list[RuleView], validate.Length(max=400)]


class GetSchedule(Query, service="scheduling", roles=DESK | DOCTOR, returns=ScheduleView, refuses=(NO_SUCH_DOCTOR,)):
    """A doctor's weekly hours: one's own, or for the desk any doctor's."""

    doctor_id: Annotated[UUID, THE_DOCTOR]


class TakeTimeOff(
    Command,
    service="scheduling",
    roles=GIVEN_BY,
    returns=TimeOffView,
    refuses=(NO_SUCH_DOCTOR, HAS_VISITS, TIME_OFF_OVERLAPS, NOT_IN_FUTURE, TOO_FAR_AHEAD, RANGE_TOO_LONG),
):
    """A doctor is away for a time: oneself, or for an admin any doctor.

    With `displace`, the visits in it lose their time, and their patients are told.
    """

    doctor_id: Annotated[UUID, THE_DOCTOR]
    starts_at: Annotated[datetime, AWAY_FROM]
    ends_at: Annotated[datetime, AWAY_TO]
    reason: Annotated[Reason, AWAY] | None = None
    displace: bool = False

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if self.ends_at <= self.starts_at:
            yield "ends_at", "Must be later than `starts_at`."


class ListTimeOff(
    PageQuery, service="scheduling", roles=GIVEN_BY, returns=page_of(TimeOffRowView), refuses=(NO_SUCH_DOCTOR,)
):
    """A doctor's times off, latest first: one's own, or for an admin any doctor's."""

    doctor_id: Annotated[UUID, THE_DOCTOR]


class ListAbsences(PageQuery, service="scheduling", roles=DESK, returns=page_of(AbsenceView)):
    """When a doctor is away, latest first, and not why."""

    doctor_id: Annotated[UUID, THE_DOCTOR]


class EndTimeOff(Command, service="scheduling", roles=GIVEN_BY, returns=TimeOffRowView):
    """Take a time off back: one's own, or for an admin any doctor's. Visits that it displaced do not come back."""

    doctor_id: Annotated[UUID, THE_DOCTOR]
    time_off_id: Annotated[UUID, "The time off."]
