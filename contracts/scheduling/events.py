"""What scheduling says of visits: facts that other services and other systems act on."""

from marshmallow import fields, validate

from chassis.event import Event
from contracts.scheduling.common import STATUSES

CHANGES = ("status", "doctor_id", "starts_at", "ends_at", "place", "reason", "overbooked")
"""What of a visit may be another than it was."""


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
    """A visit is agreed: the doctor accepted it, or it was booked outright.

    `by` says on whose part, the doctor's or the hospital's (`desk`); `overbooked` whether it was booked beside the
    doctor's hours or other visits. Older events say neither: null and false.
    """

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_booked", "clinical.on_appointment_booked", "auth.on_appointment_booked")
    by = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["doctor", "desk"]))
    overbooked = fields.Boolean(load_default=False)
    example = {**AppointmentEvent.example, "by": "doctor", "overbooked": False, "revision": 2}


class AppointmentRescheduled(AppointmentEvent):
    """A visit has another time, doctor, place or reason. `status` says whether it is agreed all the same.

    `changed` names what is not as it was, and `by` says on whose part; the desk's is the hospital's. Older events say
    neither: an empty list and null. `former_doctor_id` is the doctor who has lost it, and null when the doctor stays.
    """

    service, subject = "scheduling", "appointment_id"
    heard_by = (
        "notify.on_appointment_rescheduled",
        "clinical.on_appointment_rescheduled",
        "auth.on_appointment_rescheduled",
    )
    status = fields.String(validate=validate.OneOf(STATUSES))
    former_doctor_id = fields.UUID(load_default=None, allow_none=True)
    changed = fields.List(fields.String(validate=validate.OneOf(CHANGES)), load_default=list)
    by = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["patient", "doctor", "desk"]))
    example = {
        **AppointmentEvent.example,
        "status": "booked",
        "changed": ["doctor_id", "starts_at", "ends_at"],
        "by": "desk",
        "former_doctor_id": "01919c5e-0000-7000-8000-000000000005",
        "revision": 3,
    }


class AppointmentDisplaced(AppointmentEvent):
    """The doctor cannot keep the visit, and nobody else has that time: the patient needs another one."""

    service, subject = "scheduling", "appointment_id"
    heard_by = (
        "notify.on_appointment_displaced",
        "clinical.on_appointment_displaced",
        "auth.on_appointment_displaced",
    )


class VisitStarted(AppointmentEvent):
    """The doctor and the patient have met."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("clinical.on_visit_started", "auth.on_visit_started")


class VisitCompleted(AppointmentEvent):
    """The visit is over."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("billing.on_visit_completed", "notify.on_visit_completed", "auth.on_visit_completed")


class VisitCompletionUndone(AppointmentEvent):
    """An admin has undone a mistaken completion: what followed from `visit_completed` is to be taken back.

    `status` says how the visit stands now. The doctor may complete it again, if it is booked.
    """

    service, subject = "scheduling", "appointment_id"
    heard_by = (
        "billing.on_visit_completion_undone",
        "notify.on_visit_completion_undone",
        "clinical.on_visit_completion_undone",
        "auth.on_visit_completion_undone",
    )
    status = fields.String(validate=validate.OneOf(["booked", "displaced", "cancelled"]))
    example = {**AppointmentEvent.example, "status": "booked", "revision": 5}


class AppointmentRejected(AppointmentEvent):
    """The doctor has not agreed to a visit."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_rejected", "auth.on_appointment_rejected")


class AppointmentCancelled(AppointmentEvent):
    """A visit is called off, perhaps after it had begun. `late` is within 24 hours of an agreed visit.

    `by` says on whose part; the desk's is the hospital's. `tell_patient` is false of a patient who has died.
    """

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_cancelled", "clinical.on_appointment_cancelled", "auth.on_appointment_cancelled")
    late = fields.Boolean()
    by = fields.String(validate=validate.OneOf(["patient", "desk"]))
    tell_patient = fields.Boolean(load_default=True)
    example = {**AppointmentEvent.example, "late": False, "by": "patient", "tell_patient": True, "revision": 2}


class AppointmentExpired(AppointmentEvent):
    """Nobody answered a request in time, or nobody gave a displaced visit another time."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_expired", "auth.on_appointment_expired")


class AppointmentMissed(AppointmentEvent):
    """The patient has not come."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_missed", "clinical.on_appointment_missed", "auth.on_appointment_missed")


class PatientArrived(AppointmentEvent):
    """The patient is at the desk, perhaps after all: it may come after `appointment_missed`, which it takes back."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_patient_arrived", "clinical.on_patient_arrived", "auth.on_patient_arrived")
