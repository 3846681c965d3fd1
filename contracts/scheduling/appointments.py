"""Visits: asked for, agreed, moved, kept or not."""

from marshmallow import fields, validate

from chassis.contract import Command, Integer, PageQuery, Query, View, page_of
from contracts.roles import DESK, Role
from contracts.scheduling.common import DOCTOR, PLACE, REASON, STATUSES, DayOrMoment

PATIENT = frozenset({Role.PATIENT})
OVERBOOKED = "Of an overbooked visit. Unless it is said, the doctor's slot then counts, or 15 where there is none."


class AppointmentView(View):
    """A visit, or the request for one.

    `status_reason` is why it was rejected, cancelled or displaced; `overbooked` ones share the doctor's time with
    another; `first_call` ones were displaced and are to be given a time before others.
    """

    id = fields.UUID()
    doctor_id = fields.UUID()
    patient_id = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    place = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf(STATUSES))
    reason = fields.String(allow_none=True)
    status_reason = fields.String(allow_none=True)
    overbooked = fields.Boolean()
    first_call = fields.Boolean()
    revision = fields.Integer()


class ChangeView(View):
    """What a visit became, when and by whom; `actor_id` is null for the system."""

    revision = fields.Integer()
    status = fields.String()
    doctor_id = fields.UUID(allow_none=True)
    starts_at = fields.AwareDateTime()
    reason = fields.String(allow_none=True)
    actor_id = fields.UUID(allow_none=True)
    at = fields.AwareDateTime()


class AppointmentWithHistoryView(AppointmentView):
    """A visit and all that happened to it, oldest first."""

    history = fields.List(fields.Nested(ChangeView))


class BookAppointment(Command):
    """Ask a doctor for a visit, who accepts or rejects it. The desk books without asking, and so does a doctor.

    A doctor only for patients who have had a visit with him, or asked for one.

    The desk may overbook, with a reason: outside the doctor's hours, or at a time that somebody has. Conflict:
    `slot_taken`, `outside_hours`, `patient_busy`, `too_many_requests`. Invalid: `not_in_future`, `too_far_ahead`.
    Forbidden: `desk_only` (overbooking).
    """

    service, roles, returns, verified = "scheduling", DESK | {Role.PATIENT, Role.DOCTOR}, AppointmentView, True
    doctor_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    starts_at = fields.AwareDateTime(required=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))
    overbook_reason = fields.String(load_default=None, allow_none=True, validate=REASON)
    minutes = Integer(load_default=None, validate=validate.Range(5, 480), metadata={"description": OVERBOOKED})


class AcceptAppointment(Command):
    """The doctor agrees to a requested visit.

    Conflict: `not_requested`.
    """

    service, roles, returns, revised = "scheduling", DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True)


class RejectAppointment(Command):
    """The doctor does not agree to a requested visit, and says why.

    Conflict: `not_requested`.
    """

    service, roles, returns, revised = "scheduling", DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=REASON)


class StartVisit(Command):
    """The doctor begins the visit.

    Conflict: `not_booked`.
    """

    service, roles, returns, revised = "scheduling", DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True)


class CompleteVisit(Command):
    """The doctor ends the visit.

    Conflict: `not_in_progress`.
    """

    service, roles, returns, revised = "scheduling", DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True)


class MarkArrived(Command):
    """The patient is at the desk.

    Conflict: `not_booked`, `too_early` (over 12 hours before the visit).
    """

    service, roles, returns, revised = "scheduling", DESK, AppointmentView, True
    appointment_id = fields.UUID(required=True)


class MarkNoShow(Command):
    """The patient has not come.

    Conflict: `not_booked`, `too_early` (the visit has not begun).
    """

    service, roles, returns, revised = "scheduling", DESK | DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True)


class CancelAppointment(Command):
    """Call a visit off, with a reason. A patient can until 24 hours before an agreed visit; later only the desk.

    Conflict: `cannot_be_cancelled`, `late_cancel`.
    """

    service, roles, returns, revised = "scheduling", DESK | PATIENT, AppointmentView, True
    appointment_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=REASON)


class RescheduleAppointment(Command):
    """Move a visit to another time of the same doctor; it keeps its id. A patient's is asked for again.

    Conflict: `slot_taken`, `outside_hours`, `patient_busy`, `too_many_requests`, `cannot_be_moved`, `late_cancel` (by
    the patient, within 24 hours of an agreed visit). Invalid: `not_in_future`, `too_far_ahead`. Forbidden: `desk_only`
    (overbooking).
    """

    service, roles, returns, revised = "scheduling", DESK | DOCTOR | PATIENT, AppointmentView, True
    appointment_id = fields.UUID(required=True)
    starts_at = fields.AwareDateTime(required=True)
    overbook_reason = fields.String(load_default=None, allow_none=True, validate=REASON)
    minutes = Integer(load_default=None, validate=validate.Range(5, 480), metadata={"description": OVERBOOKED})


class ChangeAppointment(Command):
    """Give a visit another doctor, time, place or reason; what is left out stays. It is agreed then.

    Conflict: `slot_taken`, `outside_hours`, `patient_busy`, `cannot_be_moved`. Invalid: `not_in_future`,
    `too_far_ahead`.
    """

    service, roles, returns, revised = "scheduling", frozenset({Role.ADMIN}), AppointmentView, True
    appointment_id = fields.UUID(required=True)
    doctor_id = fields.UUID()
    starts_at = fields.AwareDateTime()
    place = fields.String(allow_none=True, validate=PLACE)
    reason = fields.String(allow_none=True, validate=validate.Length(max=500))


class GetAppointment(Query):
    """One visit with its history: the patient's own, the doctor's own, any for the desk.

    NotFound: `not_found`.
    """

    service, roles, returns = "scheduling", DESK | DOCTOR | PATIENT, AppointmentWithHistoryView
    appointment_id = fields.UUID(required=True)


class AppointmentQuery(PageQuery):
    """Base of the lists of visits: by status, and by when they begin."""

    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))
    from_ = DayOrMoment(load_default=None, data_key="from")
    to = DayOrMoment(load_default=None, metadata={"description": "A day is taken whole; a moment is exclusive."})


class ListPatientAppointments(AppointmentQuery):
    """One's own visits, latest first."""

    service, roles, returns = "scheduling", PATIENT, page_of(AppointmentView)
    patient_id = fields.UUID(required=True)


class ListDoctorAppointments(AppointmentQuery):
    """The doctor's own visits, latest first."""

    service, roles, returns = "scheduling", DOCTOR, page_of(AppointmentView)
    doctor_id = fields.UUID(required=True)


class ListAppointments(AppointmentQuery):
    """All visits, latest first; by doctor and by patient."""

    service, roles, returns = "scheduling", DESK, page_of(AppointmentView)
    doctor_id = fields.UUID(load_default=None)
    patient_id = fields.UUID(load_default=None)
