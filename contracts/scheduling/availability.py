"""When doctors can be visited: weekly hours, time off, and the free slots that follow."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Command, Integer, PageQuery, Query, View, page_of
from contracts.roles import ANY_ROLE
from contracts.scheduling.common import DOCTOR, PLACE, REASON, DayOrMoment, DoctorView


class SlotView(View):
    """A time that can be booked, and where."""

    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    place = fields.String(allow_none=True)


class RuleView(View):
    """Weekly hours: local time of the hospital, weekday 0 is Monday. Those that end before they begin pass midnight.

    They count from the day `valid_from` to the day `valid_to`, both inclusive; null is without an end.
    """

    weekday = Integer(required=True, validate=validate.Range(0, 6))
    from_ = fields.Time(required=True, data_key="from", format="%H:%M")
    to = fields.Time(required=True, format="%H:%M")
    slot_minutes = Integer(required=True, validate=validate.Range(5, 480))
    place = fields.String(load_default=None, allow_none=True, validate=PLACE)
    valid_from = fields.Date(load_default=None, allow_none=True)
    valid_to = fields.Date(load_default=None, allow_none=True)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["from_"] == data["to"]:
            raise ValidationError("Must differ from `from`.", "to")
        first, last = data["valid_from"], data["valid_to"]
        if first is not None and last is not None and last < first:
            raise ValidationError("Must not be earlier than `valid_from`.", "valid_to")


class ScheduleView(View):
    """A doctor's weekly hours."""

    rules = fields.List(fields.Nested(RuleView))


class TimeOffView(View):
    """A time in which a doctor cannot be visited."""

    id = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    reason = fields.String(allow_none=True)
    displaced = fields.List(fields.UUID(), metadata={"description": "Visits that lost their time to it."})


class TimeOffRowView(View):
    """A time off in a list."""

    id = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    reason = fields.String(allow_none=True)


class ListDoctors(PageQuery):
    """The directory of doctors, by name."""

    service, roles, returns = "scheduling", ANY_ROLE, page_of(DoctorView)
    specialization = fields.String(load_default=None, validate=validate.Length(max=100))


class ListSlots(PageQuery):
    """Free slots of a doctor, earliest first, for up to 31 days; a week from now when not told otherwise.

    NotFound: no such doctor. Invalid: `range_too_long`.
    """

    service, roles, returns = "scheduling", ANY_ROLE, page_of(SlotView)
    doctor_id = fields.UUID(required=True)
    from_ = DayOrMoment(load_default=None, data_key="from")
    to = DayOrMoment(load_default=None)


class SetSchedule(Command):
    """Replace one's weekly hours. Visits that are agreed already stay."""

    service, roles, returns = "scheduling", DOCTOR, ScheduleView
    doctor_id = fields.UUID(required=True)
    rules = fields.List(fields.Nested(RuleView), required=True, validate=validate.Length(max=400))


class GetSchedule(Query):
    """One's own weekly hours."""

    service, roles, returns = "scheduling", DOCTOR, ScheduleView
    doctor_id = fields.UUID(required=True)


class TakeTimeOff(Command):
    """Be away for a time. With `displace`, the visits in it lose their time, and their patients are told.

    Conflict: `has_visits` (with their ids, unless `displace`; with it, of those whose patient is there already),
    `time_off_overlaps`. Invalid: `not_in_future` (its end), `too_far_ahead` (over five years), `range_too_long` (over
    366 days).
    """

    service, roles, returns = "scheduling", DOCTOR, TimeOffView
    doctor_id = fields.UUID(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    reason = fields.String(load_default=None, allow_none=True, validate=REASON)
    displace = fields.Boolean(load_default=False)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["ends_at"] <= data["starts_at"]:
            raise ValidationError("Must be later than `starts_at`.", "ends_at")


class ListTimeOff(PageQuery):
    """One's own times off, latest first."""

    service, roles, returns = "scheduling", DOCTOR, page_of(TimeOffRowView)
    doctor_id = fields.UUID(required=True)


class EndTimeOff(Command):
    """Take a time off back. Visits that it displaced do not come back by themselves.

    NotFound: `not_found`.
    """

    service, roles, returns = "scheduling", DOCTOR, TimeOffRowView
    doctor_id = fields.UUID(required=True)
    time_off_id = fields.UUID(required=True)
