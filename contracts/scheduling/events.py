"""What scheduling says: facts that other services and other systems act on."""

from marshmallow import fields, validate

from chassis.contract import Event
from contracts.scheduling.common import STATUSES

NURSE = "01919c5e-0000-7000-8000-000000000003"


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


class AppointmentRejected(AppointmentEvent):
    """The doctor has not agreed to a visit."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_rejected", "auth.on_appointment_rejected")


class AppointmentCancelled(AppointmentEvent):
    """A visit is called off. `late` is within 24 hours of an agreed visit; `by` says on whose part."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_cancelled", "clinical.on_appointment_cancelled", "auth.on_appointment_cancelled")
    late = fields.Boolean()
    by = fields.String(validate=validate.OneOf(["patient", "desk"]))
    example = {**AppointmentEvent.example, "late": False, "by": "patient", "revision": 2}


class AppointmentExpired(AppointmentEvent):
    """Nobody answered a request in time, or nobody gave a displaced visit another time."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_expired", "auth.on_appointment_expired")


class AppointmentMissed(AppointmentEvent):
    """The patient has not come."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_missed", "auth.on_appointment_missed")


class PatientArrived(AppointmentEvent):
    """The patient is at the desk."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_patient_arrived", "auth.on_patient_arrived")


class ShiftEvent(Event):
    """What every event about a shift says."""

    shift_id = fields.UUID()
    person_id = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    revision = fields.Integer()
    example = {
        "shift_id": "01919c5e-0000-7000-8000-0000000000b1",
        "person_id": NURSE,
        "starts_at": "2026-11-23T06:00:00+00:00",
        "ends_at": "2026-11-23T14:00:00+00:00",
        "revision": 1,
    }


class ShiftAssigned(ShiftEvent):
    """Somebody of the staff is to work."""

    service, subject = "scheduling", "shift_id"
    heard_by = ("notify.on_shift_assigned",)


class ShiftChanged(ShiftEvent):
    """A shift has another time or ward, is somebody else's, or is cancelled: whoever had it is told."""

    service, subject = "scheduling", "shift_id"
    heard_by = ("notify.on_shift_changed",)
    status = fields.String(validate=validate.OneOf(["assigned", "cancelled", "given_away"]))
    example = {**ShiftEvent.example, "status": "cancelled", "revision": 2}


class TaskAssigned(Event):
    """Somebody of the staff has a task."""

    service, subject = "scheduling", "task_id"
    heard_by = ("notify.on_task_assigned",)
    task_id = fields.UUID()
    owner_id = fields.UUID()
    priority = fields.String()
    example = {"task_id": "01919c5e-0000-7000-8000-0000000000c1", "owner_id": NURSE, "priority": "urgent"}


class TaskClosed(Event):
    """A task is done, has failed, or is not to be done."""

    service, subject = "scheduling", "task_id"
    heard_by = ("notify.on_task_closed",)
    task_id = fields.UUID()
    owner_id = fields.UUID()
    given_by = fields.UUID()
    status = fields.String(validate=validate.OneOf(["completed", "failed", "rejected", "cancelled"]))
    example = {
        "task_id": "01919c5e-0000-7000-8000-0000000000c1",
        "owner_id": NURSE,
        "given_by": "01919c5e-0000-7000-8000-000000000004",
        "status": "completed",
    }
