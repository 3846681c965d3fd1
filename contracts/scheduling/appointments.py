"""Visits: asked for, agreed, moved, kept or not."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Command, Integer, Query, View, page_of
from contracts.moments import Moment
from contracts.roles import DESK, Role
from contracts.scheduling.common import DOCTOR, PLACE, REASON, STATUSES, Choices, TimedQuery
from contracts.scheduling.events import CHANGES

PATIENT = frozenset({Role.PATIENT})
VISIT: dict[str, str] = {"description": "The visit."}
FIRST_CALL = "Whether only those that are to be given a time before others, or only the others."
ANOTHER = "Another doctor of the directory; the visit's own unless it is said."
OVERBOOKING = "Why the visit may be beside the doctor's hours, or at a time that somebody has."
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
    """What a visit became, when and by whom; `actor_id` is null for the system.

    `changed` names what is not as it was before; it is empty of a new visit. `reason` is why it was changed.
    `former_reason` is why the patient came, until this change said something else. What was not kept yet is null.
    """

    revision = fields.Integer()
    status = fields.String(validate=validate.OneOf(STATUSES))
    changed = fields.List(fields.String(validate=validate.OneOf(CHANGES)), allow_none=True)
    doctor_id = fields.UUID(allow_none=True)
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime(allow_none=True)
    place = fields.String(allow_none=True)
    overbooked = fields.Boolean(allow_none=True)
    former_reason = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    actor_id = fields.UUID(allow_none=True)
    at = fields.AwareDateTime()


class AppointmentWithHistoryView(AppointmentView):
    """A visit and all that happened to it, oldest first."""

    history = fields.List(fields.Nested(ChangeView))


class Overbooking(Command):
    """Base of what gives a visit a time, which the desk may do beside the doctor's hours and other visits."""

    overbook_reason = fields.String(
        load_default=None, allow_none=True, validate=REASON, metadata={"description": OVERBOOKING, "roles": DESK}
    )
    minutes = Integer(
        load_default=None, validate=validate.Range(5, 480), metadata={"description": OVERBOOKED, "roles": DESK}
    )

    @validates_schema
    def _only_overbooked(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("minutes") is not None and data.get("overbook_reason") is None:
            raise ValidationError("Only an overbooked visit takes other minutes than the slot.", "minutes")


class BookAppointment(Overbooking):
    """Ask a doctor for a visit, who accepts or rejects it. The desk books without asking, and so does a doctor.

    A doctor only for patients who have been there: for a visit with this doctor that was begun, or for which they
    arrived, whose time was in the last 365 days.

    The desk may overbook, with a reason: outside the doctor's hours, or at a time that somebody has. Conflict:
    `slot_taken`, `outside_hours`, `patient_busy`, `too_many_requests`, `own_visit` (a doctor is nobody's own patient),
    `patient_deceased`.
    The first and the third name in `appointment_id` the visit that is in the way, to the desk and to those whose visit
    it is. Invalid: `not_in_future`, `too_far_ahead`. Forbidden: `desk_only` (overbooking). NotFound: `not_found` (no
    such doctor or patient).
    """

    service, roles, returns, verified = "scheduling", DESK | {Role.PATIENT, Role.DOCTOR}, AppointmentView, True
    doctor_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    starts_at = Moment(required=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))


class AcceptAppointment(Command):
    """The doctor agrees to a requested visit.

    Conflict: `not_requested`, `too_late` (its start has come, or it has waited 48 hours for an answer). Forbidden:
    `own_visit` (one is its patient).
    """

    service, roles, returns, revised = "scheduling", DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)


class RejectAppointment(Command):
    """The doctor does not agree to a requested visit, and says why.

    Conflict: `not_requested`. Forbidden: `own_visit` (one is its patient).
    """

    service, roles, returns, revised = "scheduling", DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)
    reason = fields.String(required=True, validate=REASON)


class StartVisit(Command):
    """The doctor begins the visit, at most 24 hours before its time: move one that is further ahead first.

    Conflict: `not_booked`, `too_early` (over 24 hours before the visit). Forbidden: `own_visit` (one is its patient).
    """

    service, roles, returns, revised = "scheduling", DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)


class CompleteVisit(Command):
    """The doctor ends the visit.

    Conflict: `not_in_progress`. Forbidden: `own_visit` (one is its patient).
    """

    service, roles, returns, revised = "scheduling", DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)


class UndoCompletion(Command):
    """An admin takes back that a visit was completed, which was a mistake, with a reason.

    The visit is `booked` again at its time; `displaced`, when the time is not free any more; `cancelled`, when its day
    is over or its patient has died or is erased. Its patient reads the reason of the last two. An unpaid invoice of it
    is void; what was paid is listed for a refund.

    Conflict: `not_fulfilled`. Forbidden: `own_visit` (one is its patient).
    """

    service, roles, returns, revised = "scheduling", frozenset({Role.ADMIN}), AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)
    reason = fields.String(required=True, validate=REASON)


class MarkArrived(Command):
    """The patient is at the desk: until 24 hours after the visit also one who was marked as missing.

    Conflict: `not_booked`, `too_early` (over 24 hours before the visit), `too_late`; of one who was marked as missing
    also `slot_taken`, `patient_busy`, `outside_hours` (the doctor is away), `doctor_gone`. Forbidden: `own_visit` (one
    is its patient).
    """

    service, roles, returns, revised = "scheduling", DESK, AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)


class MarkNoShow(Command):
    """The patient has not come.

    Conflict: `not_booked`, `too_early` (the visit has not begun). Forbidden: `own_visit` (one is its patient).
    """

    service, roles, returns, revised = "scheduling", DESK | DOCTOR, AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)


class CancelAppointment(Command):
    """Call a visit off, with a reason. A patient can until 24 hours before an agreed visit; later only the desk.

    The desk can also when the patient is there: they left without being seen, or it was begun by mistake.

    Conflict: `cannot_be_cancelled`, `late_cancel`.
    """

    service, roles, returns, revised = "scheduling", DESK | PATIENT, AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)
    reason = fields.String(required=True, validate=REASON)


class RescheduleAppointment(Overbooking):
    """Move a visit to another time; it keeps its id. A patient's is asked for again. To where it is: no change.

    Conflict: `slot_taken`, `outside_hours`, `patient_busy`, `too_many_requests`, `cannot_be_moved`, `late_cancel` (by
    the patient, within 24 hours of an agreed visit), `doctor_gone`, `own_visit` (to the doctor who is its patient),
    `patient_deceased`. Invalid: `not_in_future`, `too_far_ahead`. Forbidden: `desk_only` (overbooking; another doctor,
    by a doctor). NotFound: `not_found` (no such doctor).
    """

    service, roles, returns, revised = "scheduling", DESK | DOCTOR | PATIENT, AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)
    starts_at = Moment(required=True)
    doctor_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": ANOTHER})


class ChangeAppointment(Command):
    """Give a visit another doctor, time, place or reason; what is left out stays. It is agreed then.

    Conflict: `slot_taken`, `outside_hours`, `patient_busy`, `cannot_be_moved`, `doctor_gone`, `own_visit` (to the
    doctor who is its patient). Invalid: `not_in_future`, `too_far_ahead`. Forbidden: `own_visit` (one is its patient).
    """

    service, roles, returns, revised = "scheduling", frozenset({Role.ADMIN}), AppointmentView, True
    appointment_id = fields.UUID(required=True, metadata=VISIT)
    doctor_id = fields.UUID()
    starts_at = Moment()
    place = fields.String(allow_none=True, validate=PLACE)
    reason = fields.String(allow_none=True, validate=validate.Length(max=500))


class GetAppointment(Query):
    """One visit with its history: the patient's own, the doctor's own, any for the desk.

    The patient is told why it was rejected, called off or displaced, and of no other reason; all are told why the
    patient came, also until that was changed (`former_reason`). NotFound: `not_found`.
    """

    service, roles, returns = "scheduling", DESK | DOCTOR | PATIENT, AppointmentWithHistoryView
    appointment_id = fields.UUID(required=True, metadata=VISIT)


class AppointmentQuery(TimedQuery):
    """Base of the lists of visits: by status, and by when they begin; latest first when not told otherwise."""

    status = Choices(STATUSES, load_default=None)


class ListPatientAppointments(AppointmentQuery):
    """One's own visits, latest first."""

    service, roles, returns = "scheduling", PATIENT, page_of(AppointmentView)
    patient_id = fields.UUID(required=True)


class ListDoctorAppointments(AppointmentQuery):
    """The doctor's own visits, latest first."""

    service, roles, returns = "scheduling", DOCTOR, page_of(AppointmentView)
    doctor_id = fields.UUID(required=True)
    first_call = fields.Boolean(load_default=None, metadata={"description": FIRST_CALL})


class ListAppointments(AppointmentQuery):
    """All visits, latest first; by doctor, by patient, and whether they are to be given a time before others."""

    service, roles, returns = "scheduling", DESK, page_of(AppointmentView)
    doctor_id = fields.UUID(load_default=None, metadata={"description": "Only visits of this doctor."})
    patient_id = fields.UUID(load_default=None, metadata={"description": "Only visits of this patient."})
    first_call = fields.Boolean(load_default=None, metadata={"description": FIRST_CALL})
