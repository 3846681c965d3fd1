"""When doctors can be visited: weekly hours, time off, and the free slots that follow."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Command, Integer, Page, PageQuery, PageView, Query, View, page_of
from contracts.moments import Moment
from contracts.roles import ANY_ROLE, DESK, Role
from contracts.scheduling.common import DOCTOR, PLACE, REASON, DayOrMoment, DoctorView
from contracts.several import Ids

GIVEN_BY = DOCTOR | {Role.ADMIN}
"""Who says when a doctor can be visited: the doctor alone, or an admin of any doctor."""
THE_DOCTOR: dict[str, str] = {"description": "The doctor."}
NAMED: dict[str, str] = {"description": "A part of the name, in any case.", "example": "weiss"}
FIELD: dict[str, str] = {"description": "The whole of it, in any case: `neuro` does not find `neurology`."}
A_PLACE: dict[str, str] = {"example": "Room 12"}
AWAY: dict[str, str] = {"example": "Annual leave"}
AWAY_FROM: dict[str, str] = {"example": "2026-11-23T23:00:00+00:00"}
AWAY_TO: dict[str, str] = {"example": "2026-11-27T23:00:00+00:00"}
ZONE: dict[str, str] = {"description": "The hospital's zone, by its IANA name.", "example": "Europe/Vienna"}
LOCAL = "On the clock of the hospital, whose zone is `timezone` of the schedule."
LOCAL_DAY = "A day of the hospital, whose zone is `timezone` of the schedule."


class SlotView(View):
    """A time that can be booked, and where."""

    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime(metadata={"example": "2026-11-23T09:30:00+00:00"})
    place = fields.String(allow_none=True, metadata=A_PLACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPage(Page):
    """Free slots, and the zone of the hospital, on whose clock the doctor's hours are."""

    timezone: str


class SlotPageView(PageView):
    """A page of free slots. `timezone` is that of the hospital; the slots themselves are in UTC."""

    item = SlotView
    items = fields.List(fields.Nested(SlotView), required=True)
    timezone = fields.String(metadata=ZONE)

    @classmethod
    def dump_one(cls, value: Any) -> dict[str, Any]:
        """Plain data for a `SlotPage`."""
        return {**super().dump_one(value), "timezone": value.timezone}


class RuleView(View):
    """Weekly hours: local time of the hospital, weekday 0 is Monday. Those that end before they begin pass midnight.

    A slot fits into them. They count from the day `valid_from` to the day `valid_to`, both inclusive; null is without
    an end.
    """

    weekday = Integer(required=True, validate=validate.Range(0, 6), metadata={"example": 0})
    from_ = fields.Time(required=True, data_key="from", format="%H:%M", metadata={"description": LOCAL})
    to = fields.Time(required=True, format="%H:%M", metadata={"description": LOCAL})
    slot_minutes = Integer(required=True, validate=validate.Range(5, 480), metadata={"example": 30})
    place = fields.String(load_default=None, allow_none=True, validate=PLACE, metadata=A_PLACE)
    valid_from = fields.Date(load_default=None, allow_none=True, metadata={"description": LOCAL_DAY})
    valid_to = fields.Date(
        load_default=None, allow_none=True, metadata={"description": LOCAL_DAY, "example": "2027-06-30"}
    )

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["from_"] == data["to"]:
            raise ValidationError("Must differ from `from`.", "to")
        if data["slot_minutes"] > (_minutes(data["to"]) - _minutes(data["from_"])) % (24 * 60):
            raise ValidationError("Must fit between `from` and `to`.", "slot_minutes")
        first, last = data["valid_from"], data["valid_to"]
        if first is not None and last is not None and last < first:
            raise ValidationError("Must not be earlier than `valid_from`.", "valid_to")


def _minutes(moment: time) -> int:
    """Since midnight."""
    return moment.hour * 60 + moment.minute


class ScheduleView(View):
    """A doctor's weekly hours, on the clock of the hospital."""

    rules = fields.List(fields.Nested(RuleView))
    timezone = fields.String(metadata=ZONE)
    revision = fields.Integer()


class TimeOffView(View):
    """A time in which a doctor cannot be visited."""

    id = fields.UUID()
    starts_at = fields.AwareDateTime(metadata=AWAY_FROM)
    ends_at = fields.AwareDateTime(metadata=AWAY_TO)
    reason = fields.String(allow_none=True, metadata=AWAY)
    displaced = fields.List(fields.UUID(), metadata={"description": "Visits that lost their time to it."})


class AbsenceView(View):
    """A time off as the desk sees it: without the reason."""

    id = fields.UUID()
    starts_at = fields.AwareDateTime(metadata=AWAY_FROM)
    ends_at = fields.AwareDateTime(metadata=AWAY_TO)


class TimeOffRowView(View):
    """A time off in a list."""

    id = fields.UUID()
    starts_at = fields.AwareDateTime(metadata=AWAY_FROM)
    ends_at = fields.AwareDateTime(metadata=AWAY_TO)
    reason = fields.String(allow_none=True, metadata=AWAY)


class ListDoctors(PageQuery):
    """The directory of doctors, by name; those with this in their name, and of this specialization, in any case."""

    service, roles, returns = "scheduling", ANY_ROLE, page_of(DoctorView)
    ids = Ids(load_default=None, data_key="id")
    name = fields.String(load_default=None, validate=validate.Length(1, 200), metadata=NAMED)
    specialization = fields.String(load_default=None, validate=validate.Length(max=100), metadata=FIELD)


class GetDoctor(Query):
    """One doctor in the directory. NotFound: `not_found`."""

    service, roles, returns = "scheduling", ANY_ROLE, DoctorView
    doctor_id = fields.UUID(required=True, metadata=THE_DOCTOR)


class ListSlots(PageQuery):
    """Free slots of a doctor, earliest first, for up to 31 days; a week from now when not told otherwise.

    NotFound: no such doctor. Invalid: `range_too_long`.
    """

    service, roles, returns = "scheduling", ANY_ROLE, SlotPageView
    doctor_id = fields.UUID(required=True, metadata=THE_DOCTOR)
    from_ = DayOrMoment(load_default=None, data_key="from")
    to = DayOrMoment(load_default=None)


class SetSchedule(Command):
    """Replace a doctor's weekly hours: one's own, or for an admin any doctor's. Visits that are agreed already stay.

    NotFound: `not_found`. Invalid: `rules_overlap` (two of them, on some day; `rules` says which).
    """

    service, roles, returns, revised = "scheduling", GIVEN_BY, ScheduleView, True
    doctor_id = fields.UUID(required=True, metadata=THE_DOCTOR)
    rules = fields.List(fields.Nested(RuleView), required=True, validate=validate.Length(max=400))


class GetSchedule(Query):
    """A doctor's weekly hours: one's own, or for the desk any doctor's. NotFound: `not_found`."""

    service, roles, returns = "scheduling", DESK | DOCTOR, ScheduleView
    doctor_id = fields.UUID(required=True, metadata=THE_DOCTOR)


class TakeTimeOff(Command):
    """A doctor is away for a time: oneself, or for an admin any doctor.

    With `displace`, the visits in it lose their time, and their patients are told.

    NotFound: `not_found`. Conflict: `has_visits` (with their ids, unless `displace`; with it, of those whose patient is
    there already), `time_off_overlaps`. Invalid: `not_in_future` (its end), `too_far_ahead` (over five years),
    `range_too_long` (over 366 days).
    """

    service, roles, returns = "scheduling", GIVEN_BY, TimeOffView
    doctor_id = fields.UUID(required=True, metadata=THE_DOCTOR)
    starts_at = Moment(required=True, metadata=AWAY_FROM)
    ends_at = Moment(required=True, metadata=AWAY_TO)
    reason = fields.String(load_default=None, allow_none=True, validate=REASON, metadata=AWAY)
    displace = fields.Boolean(load_default=False)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["ends_at"] <= data["starts_at"]:
            raise ValidationError("Must be later than `starts_at`.", "ends_at")


class ListTimeOff(PageQuery):
    """A doctor's times off, latest first: one's own, or for an admin any doctor's. NotFound: `not_found`."""

    service, roles, returns = "scheduling", GIVEN_BY, page_of(TimeOffRowView)
    doctor_id = fields.UUID(required=True, metadata=THE_DOCTOR)


class ListAbsences(PageQuery):
    """When a doctor is away, latest first, and not why. NotFound: `not_found`."""

    service, roles, returns = "scheduling", DESK, page_of(AbsenceView)
    doctor_id = fields.UUID(required=True, metadata=THE_DOCTOR)


class EndTimeOff(Command):
    """Take a time off back: one's own, or for an admin any doctor's. Visits that it displaced do not come back.

    NotFound: `not_found`.
    """

    service, roles, returns = "scheduling", GIVEN_BY, TimeOffRowView
    doctor_id = fields.UUID(required=True, metadata=THE_DOCTOR)
    time_off_id = fields.UUID(required=True, metadata={"description": "The time off."})
