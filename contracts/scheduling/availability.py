"""When doctors have time: weekly hours, time off, and the resulting free slots."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, cast
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, Page, PageQuery, PageView, Plain, Query, View, page_of
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
    "The doctor has appointments at that time.",
    (
        "The doctor has the appointments `appointment_ids` at that time. `displace` displaces them, except those "
        "whose patient has arrived."
    ),
)
RANGE_TOO_LONG = Refusal(
    Invalid,
    "range_too_long",
    "Ask for at most 31 days at once.",
    "Slots are listed for at most 31 days at once. A time off is at most 366 days long.",
)
RULES_OVERLAP = Refusal(
    Invalid,
    "rules_overlap",
    "Two weekly hours overlap.",
    "Two weekly hours overlap on some day. `rules` has their positions in the list, counted from 0.",
)
TIME_OFF_OVERLAPS = Refusal(
    Conflict,
    "time_off_overlaps",
    "The doctor is away at that time already.",
    "The doctor has a time off that overlaps.",
)
DOCTOR = frozenset({Role.DOCTOR})
GIVEN_BY = DOCTOR | {Role.ADMIN}
"""Roles that set hours and time off: the doctor for themselves, an admin for any doctor."""
THE_DOCTOR = "The doctor."
NAMED = Facts(description="A part of the name; case does not matter.", example="weiss")
PLACE = (validate.Length(1, 100), VISIBLE)
FIELD = "The whole specialization; case does not matter. `neuro` does not find `neurology`."
A_PLACE = Facts(example="Room 12")
AWAY = Facts(example="Annual leave")
AWAY_FROM = Facts(example="2026-11-23T23:00:00+00:00")
AWAY_TO = Facts(example="2026-11-27T23:00:00+00:00")
ZONE = Facts(description="The time zone of the hospital (IANA name).", example="Europe/Vienna")
LOCAL = "Local time of the hospital, whose time zone is `timezone` of the schedule."
LOCAL_DAY = "A local day of the hospital, whose time zone is `timezone` of the schedule."


class SlotView(View):
    """A free slot and its place."""

    starts_at: datetime
    ends_at: Annotated[datetime, Facts(example="2026-11-23T09:30:00+00:00")]
    place: Annotated[str, A_PLACE] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPage(Page):
    """A page of free slots, with the time zone of the hospital."""

    timezone: str


class SlotPageView(PageView):
    """A page of free slots. `timezone` is the time zone of the hospital; the slots are in UTC."""

    item = SlotView
    items: list[SlotView]
    timezone: Annotated[str, ZONE]

    @classmethod
    def dump_one(cls, value: object) -> Plain:
        """Plain data for a `SlotPage`."""
        return {**super().dump_one(value), "timezone": cast("SlotPage", value).timezone}


class RuleView(View):
    """Weekly hours in local time of the hospital. Weekday 0 is Monday. Hours whose `to` is before `from` pass midnight.

    Slots lie entirely within the hours. The hours are valid from `valid_from` to `valid_to`, both inclusive; null means
    unlimited.
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
    """Return the minutes since midnight."""
    return moment.hour * 60 + moment.minute


class ScheduleView(View):
    """A doctor's weekly hours, in local time of the hospital."""

    rules: list[RuleView]
    timezone: Annotated[str, ZONE]
    revision: int


class TimeOffView(View):
    """A time off of a doctor."""

    id: UUID
    starts_at: Annotated[datetime, AWAY_FROM]
    ends_at: Annotated[datetime, AWAY_TO]
    reason: Annotated[str, AWAY] | None
    displaced: Annotated[list[UUID], "Appointments that it displaced."]


class AbsenceView(View):
    """A time off without its reason, as the desk sees it."""

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
    """List the doctors of the directory by name. Filters ignore case."""

    ids: Annotated[Ids, Key("id")] | None = None
    name: Annotated[str, validate.Length(1, 200), NAMED] | None = None
    specialization: Annotated[str, validate.Length(max=100), FIELD] | None = None


class GetDoctor(Query, service="scheduling", roles=ANY_ROLE, returns=DoctorView):
    """Get one doctor of the directory."""

    doctor_id: Annotated[UUID, THE_DOCTOR]


class ListSlots(PageQuery, service="scheduling", roles=ANY_ROLE, returns=SlotPageView, refuses=(RANGE_TOO_LONG,)):
    """List a doctor's free slots, earliest first, for up to 31 days. Default: the next seven days."""

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
    """Replace a doctor's weekly hours.

    A doctor replaces their own hours, an admin any doctor's. Booked appointments stay.
    """

    doctor_id: Annotated[UUID, THE_DOCTOR]
    rules: Annotated[list[RuleView], validate.Length(max=400)]


class GetSchedule(Query, service="scheduling", roles=DESK | DOCTOR, returns=ScheduleView, refuses=(NO_SUCH_DOCTOR,)):
    """Get a doctor's weekly hours. A doctor sees their own, the desk any doctor's."""

    doctor_id: Annotated[UUID, THE_DOCTOR]


class TakeTimeOff(
    Command,
    service="scheduling",
    roles=GIVEN_BY,
    returns=TimeOffView,
    refuses=(NO_SUCH_DOCTOR, HAS_VISITS, TIME_OFF_OVERLAPS, NOT_IN_FUTURE, TOO_FAR_AHEAD, RANGE_TOO_LONG),
):
    """Add a time off for a doctor.

    A doctor adds their own, an admin any doctor's. With `displace`, appointments in that time are displaced and their
    patients are notified.
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
    """List a doctor's times off, latest first. A doctor sees their own, an admin any doctor's."""

    doctor_id: Annotated[UUID, THE_DOCTOR]


class ListAbsences(PageQuery, service="scheduling", roles=DESK, returns=page_of(AbsenceView)):
    """List a doctor's absences, latest first, without reasons."""

    doctor_id: Annotated[UUID, THE_DOCTOR]


class EndTimeOff(Command, service="scheduling", roles=GIVEN_BY, returns=TimeOffRowView):
    """Delete a time off. A doctor deletes their own, an admin any doctor's. Displaced appointments stay displaced."""

    doctor_id: Annotated[UUID, THE_DOCTOR]
    time_off_id: Annotated[UUID, "The time off."]
