"""What is said to and by the scheduling service: when."""

from datetime import date, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Command, Event, Integer, PageQuery, Query, View, page_of
from contracts.audit import ADMINS, AuditPage, AuditQuery
from contracts.roles import ANY_ROLE, DESK, Role

STATUSES = (
    "requested",
    "booked",
    "arrived",
    "in_progress",
    "fulfilled",
    "rejected",
    "expired",
    "cancelled",
    "no_show",
    "displaced",
)
DOCTOR = frozenset({Role.DOCTOR})


class DayOrMoment(fields.Field[date | datetime]):
    """A day of the hospital (`2026-11-23`), or a moment with its zone (`2026-11-23T09:00:00Z`)."""

    default_error_messages = {"invalid": "Not a day, and not a moment with its zone."}

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> date | datetime:
        try:
            if len(value) == len("2026-11-23"):
                return self._near(date.fromisoformat(value))
            # In a URL, a plus sign that was not escaped arrives as a space.
            moment = datetime.fromisoformat(value.replace(" ", "+"))
        except (ValueError, TypeError, AttributeError):
            raise self.make_error("invalid") from None
        if moment.tzinfo is None:
            raise self.make_error("invalid")
        return self._near(moment)

    def _near(self, value: date) -> date:
        """Not so near an end of the calendar that a day more, or another zone, would be beyond it."""
        if not date.min.year < value.year < date.max.year:
            raise self.make_error("invalid")
        return value


class DoctorView(View):
    """A doctor in the directory."""

    id = fields.UUID()
    name = fields.String()
    specialization = fields.String()


class AppointmentView(View):
    """A visit, or the request for one."""

    id = fields.UUID()
    doctor_id = fields.UUID()
    patient_id = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    status = fields.String(validate=validate.OneOf(STATUSES))
    reason = fields.String(allow_none=True)
    revision = fields.Integer()


class SlotView(View):
    """A time that can be booked."""

    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class RuleView(View):
    """Weekly hours: local time of the hospital, weekday 0 is Monday."""

    weekday = Integer(required=True, validate=validate.Range(0, 6))
    from_ = fields.Time(required=True, data_key="from", format="%H:%M")
    to = fields.Time(required=True, format="%H:%M")
    slot_minutes = Integer(required=True, validate=validate.Range(5, 480))

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["from_"] >= data["to"]:
            raise ValidationError("Must be later than `from`.", "to")


class ScheduleView(View):
    """A doctor's weekly hours."""

    rules = fields.List(fields.Nested(RuleView))


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
    rules = fields.List(fields.Nested(RuleView), required=True, validate=validate.Length(max=100))


class GetSchedule(Query):
    """One's own weekly hours."""

    service, roles, returns = "scheduling", DOCTOR, ScheduleView
    doctor_id = fields.UUID(required=True)


class BookAppointment(Command):
    """Ask a doctor for a visit. The doctor accepts or rejects it.

    Conflict: `slot_taken`, `outside_hours`, `patient_busy`, `too_many_requests`. Invalid: `not_in_future`,
    `too_far_ahead`.
    """

    service, roles, returns, verified = "scheduling", DESK | {Role.PATIENT}, AppointmentView, True
    doctor_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    starts_at = fields.AwareDateTime(required=True)
    reason = fields.String(load_default=None, validate=validate.Length(max=500))


class AcceptAppointment(Command):
    """The doctor agrees to a requested visit. Conflict: `not_requested`."""

    service, roles, returns = "scheduling", DOCTOR, AppointmentView
    appointment_id = fields.UUID(required=True)


class StartVisit(Command):
    """The doctor begins the visit. Conflict: `not_booked`."""

    service, roles, returns = "scheduling", DOCTOR, AppointmentView
    appointment_id = fields.UUID(required=True)


class CompleteVisit(Command):
    """The doctor ends the visit. Conflict: `not_in_progress`."""

    service, roles, returns = "scheduling", DOCTOR, AppointmentView
    appointment_id = fields.UUID(required=True)


class ListPatientAppointments(PageQuery):
    """One's own visits, latest first."""

    service, roles, returns = "scheduling", frozenset({Role.PATIENT}), page_of(AppointmentView)
    patient_id = fields.UUID(required=True)
    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))


class ListDoctorAppointments(PageQuery):
    """The doctor's own visits, latest first."""

    service, roles, returns = "scheduling", DOCTOR, page_of(AppointmentView)
    doctor_id = fields.UUID(required=True)
    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))


class AppointmentEvent(Event):
    """What every event about a visit says."""

    appointment_id = fields.UUID()
    doctor_id = fields.UUID()
    patient_id = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    revision = fields.Integer()
    example = {
        "appointment_id": "01919c5e-0000-7000-8000-0000000000a1",
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "starts_at": "2026-11-23T09:00:00+00:00",
        "ends_at": "2026-11-23T09:30:00+00:00",
        "revision": 1,
    }


class AppointmentRequested(AppointmentEvent):
    """A patient asks a doctor for a visit."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_requested", "auth.on_appointment_requested")


class AppointmentBooked(AppointmentEvent):
    """A visit is agreed: the doctor accepted it, or it was booked outright."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_booked", "clinical.on_appointment_booked", "auth.on_appointment_booked")


class AppointmentRescheduled(AppointmentEvent):
    """A visit has another time or another doctor. `status` says whether it is agreed all the same."""

    service, subject = "scheduling", "appointment_id"
    heard_by = (
        "notify.on_appointment_rescheduled",
        "clinical.on_appointment_rescheduled",
        "auth.on_appointment_rescheduled",
    )
    status = fields.String(validate=validate.OneOf(STATUSES))
    example = {**AppointmentEvent.example, "status": "booked", "revision": 3}


class AppointmentDisplaced(AppointmentEvent):
    """The doctor cannot keep the visit, and nobody else has that time: the patient needs another one."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_displaced", "auth.on_appointment_displaced")


class VisitStarted(AppointmentEvent):
    """The doctor and the patient have met."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("clinical.on_visit_started", "auth.on_visit_started")


class VisitCompleted(AppointmentEvent):
    """The visit is over."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("billing.on_visit_completed", "notify.on_visit_completed", "auth.on_visit_completed")


class ListAudit(AuditQuery):
    """What was done in scheduling."""

    service, roles, returns = "scheduling", ADMINS, AuditPage
