"""What scheduling says: facts that other services and other systems act on."""

from marshmallow import fields, validate

from chassis.event import Event
from contracts.scheduling.common import STATUSES

CHANGES = ("status", "doctor_id", "starts_at", "ends_at", "place", "reason", "overbooked")
"""What of a visit may be another than it was."""
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


class AppointmentRejected(AppointmentEvent):
    """The doctor has not agreed to a visit."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_appointment_rejected", "auth.on_appointment_rejected")


class AppointmentCancelled(AppointmentEvent):
    """A visit is called off, perhaps after it had begun. `late` is within 24 hours of an agreed visit.

    `by` says on whose part; the desk's is the hospital's.
    """

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
    heard_by = ("notify.on_appointment_missed", "clinical.on_appointment_missed", "auth.on_appointment_missed")


class PatientArrived(AppointmentEvent):
    """The patient is at the desk, perhaps after all: it may come after `appointment_missed`, which it takes back."""

    service, subject = "scheduling", "appointment_id"
    heard_by = ("notify.on_patient_arrived", "clinical.on_patient_arrived", "auth.on_patient_arrived")


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
    """A shift has another time or ward, is somebody else's, or is cancelled: who has it is told, and who had it.

    `person_id` is who is told. `changed` names what is not as it was.
    """

    service, subject = "scheduling", "shift_id"
    heard_by = ("notify.on_shift_changed",)
    status = fields.String(validate=validate.OneOf(["assigned", "cancelled", "given_away"]))
    changed = fields.List(fields.String(validate=validate.OneOf(["person_id", "ward", "starts_at", "ends_at"])))
    example = {**ShiftEvent.example, "status": "assigned", "changed": ["ward"], "revision": 2}


class SwapEvent(Event):
    """What every event about a swap says. `starts_at` and `ends_at` are those of the shift that is given away."""

    swap_id = fields.UUID()
    shift_id = fields.UUID()
    in_exchange_id = fields.UUID(allow_none=True)
    asked_by = fields.UUID()
    asked_of = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    revision = fields.Integer()
    example = {
        "swap_id": "01919c5e-0000-7000-8000-0000000000d1",
        "shift_id": "01919c5e-0000-7000-8000-0000000000b1",
        "in_exchange_id": None,
        "asked_by": NURSE,
        "asked_of": "01919c5e-0000-7000-8000-000000000005",
        "starts_at": "2026-11-23T06:00:00+00:00",
        "ends_at": "2026-11-23T14:00:00+00:00",
        "revision": 1,
    }


class SwapAsked(SwapEvent):
    """One of the staff asks another one to take a shift."""

    service, subject = "scheduling", "swap_id"
    heard_by = ("notify.on_swap_asked",)


class SwapAnswered(SwapEvent):
    """The one who is asked has accepted or declined, or who asked has withdrawn."""

    service, subject = "scheduling", "swap_id"
    heard_by = ("notify.on_swap_answered",)
    status = fields.String(validate=validate.OneOf(["accepted", "declined", "withdrawn"]))
    example = {**SwapEvent.example, "status": "accepted", "revision": 2}


class SwapDecided(SwapEvent):
    """An admin has approved a swap, so that the shifts have moved (`shift_changed` says so to both), or refused it."""

    service, subject = "scheduling", "swap_id"
    heard_by = ("notify.on_swap_decided",)
    status = fields.String(validate=validate.OneOf(["approved", "refused"]))
    example = {**SwapEvent.example, "status": "refused", "revision": 3}


class SwapEnded(SwapEvent):
    """A swap came to nothing of itself: a shift of it has changed (`withdrawn`) or begun (`expired`)."""

    service, subject = "scheduling", "swap_id"
    heard_by = ("notify.on_swap_ended",)
    status = fields.String(validate=validate.OneOf(["withdrawn", "expired"]))
    example = {**SwapEvent.example, "status": "expired", "revision": 3}


class TaskEvent(Event):
    """What every event about a task says."""

    task_id = fields.UUID()
    owner_id = fields.UUID()
    revision = fields.Integer()
    example = {"task_id": "01919c5e-0000-7000-8000-0000000000c1", "owner_id": NURSE, "revision": 1}


class TaskAssigned(TaskEvent):
    """Somebody of the staff has a task. `former_owner_id` is who had it before; null of a new one."""

    service, subject = "scheduling", "task_id"
    heard_by = ("notify.on_task_assigned",)
    former_owner_id = fields.UUID(allow_none=True)
    priority = fields.String()
    example = {**TaskEvent.example, "former_owner_id": None, "priority": "urgent"}


class TaskChanged(TaskEvent):
    """An open task of the same owner has another priority or due time; `changed` names which."""

    service, subject = "scheduling", "task_id"
    heard_by = ("notify.on_task_changed",)
    priority = fields.String()
    due_at = fields.AwareDateTime(allow_none=True)
    changed = fields.List(fields.String(validate=validate.OneOf(["priority", "due_at"])))
    example = {
        **TaskEvent.example,
        "priority": "stat",
        "due_at": "2026-11-23T17:00:00+00:00",
        "changed": ["priority", "due_at"],
        "revision": 3,
    }


class TaskClosed(TaskEvent):
    """A task is done, has failed, or is not to be done."""

    service, subject = "scheduling", "task_id"
    heard_by = ("notify.on_task_closed",)
    given_by = fields.UUID()
    status = fields.String(validate=validate.OneOf(["completed", "failed", "rejected", "cancelled"]))
    example = {
        **TaskEvent.example,
        "given_by": "01919c5e-0000-7000-8000-000000000004",
        "status": "completed",
        "revision": 4,
    }
