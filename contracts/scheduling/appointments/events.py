"""What scheduling says of visits: facts that other services and other systems act on."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis.event import Event
from contracts.scheduling.appointments.history import AppointmentPart
from contracts.scheduling.appointments.views import AppointmentStatus


class AppointmentEvent(Event):
    """What every event about a visit says."""

    appointment_id: UUID
    doctor_id: UUID
    patient_id: UUID
    starts_at: datetime
    ends_at: datetime
    revision: int
    example = {
        "appointment_id": "01919c5e-0000-7000-8000-0000000000a1",
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "starts_at": "2026-11-23T09:00:00+00:00",
        "ends_at": "2026-11-23T09:30:00+00:00",
        "revision": 1,
    }


class AppointmentRequested(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_requested", "auth.on_appointment_requested"),
):
    """A patient asks a doctor for a visit."""


class AppointmentBooked(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_booked", "clinical.on_appointment_booked", "auth.on_appointment_booked"),
):
    """A visit is agreed: the doctor accepted it, or it was booked outright.

    `by` says on whose part, the doctor's or the hospital's (`desk`); `overbooked` whether it was booked beside the
    doctor's hours or other visits. Older events say neither: null and false.
    """

    by: Literal["doctor", "desk"] | None = None
    overbooked: bool = False
    example = {**AppointmentEvent.example, "by": "doctor", "overbooked": False, "revision": 2}


class AppointmentRescheduled(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=(
        "notify.on_appointment_rescheduled",
        "clinical.on_appointment_rescheduled",
        "auth.on_appointment_rescheduled",
    ),
):
    """A visit has another time, doctor, place or reason. `status` says whether it is agreed all the same.

    `changed` names what is not as it was, and `by` says on whose part; the desk's is the hospital's. Older events say
    neither: an empty list and null. `former_doctor_id` is the doctor who has lost it, and null when the doctor stays.
    """

    status: AppointmentStatus
    former_doctor_id: UUID | None = None
    changed: list[AppointmentPart] = []
    by: Literal["patient", "doctor", "desk"] | None = None
    example = {
        **AppointmentEvent.example,
        "status": "booked",
        "changed": ["doctor_id", "starts_at", "ends_at"],
        "by": "desk",
        "former_doctor_id": "01919c5e-0000-7000-8000-000000000005",
        "revision": 3,
    }


class AppointmentDisplaced(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=(
        "notify.on_appointment_displaced",
        "clinical.on_appointment_displaced",
        "auth.on_appointment_displaced",
    ),
):
    """The doctor cannot keep the visit, and nobody else has that time: the patient needs another one."""


class VisitStarted(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("clinical.on_visit_started", "auth.on_visit_started"),
):
    """The doctor and the patient have met."""


class VisitCompleted(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("billing.on_visit_completed", "notify.on_visit_completed", "auth.on_visit_completed"),
):
    """The visit is over."""


class VisitCompletionUndone(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=(
        "billing.on_visit_completion_undone",
        "notify.on_visit_completion_undone",
        "clinical.on_visit_completion_undone",
        "auth.on_visit_completion_undone",
    ),
):
    """An admin has undone a mistaken completion: what followed from `visit_completed` is to be taken back.

    `status` says how the visit stands now. The doctor may complete it again, if it is booked.
    """

    status: Literal["booked", "displaced", "cancelled"]
    example = {**AppointmentEvent.example, "status": "booked", "revision": 5}


class AppointmentRejected(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_rejected", "auth.on_appointment_rejected"),
):
    """The doctor has not agreed to a visit."""


class AppointmentCancelled(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_cancelled", "clinical.on_appointment_cancelled", "auth.on_appointment_cancelled"),
):
    """A visit is called off, perhaps after it had begun. `late` is within 24 hours of an agreed visit.

    `by` says on whose part; the desk's is the hospital's. `tell_patient` is false of a patient who has died.
    """

    late: bool
    by: Literal["patient", "desk"]
    tell_patient: bool = True
    example = {**AppointmentEvent.example, "late": False, "by": "patient", "tell_patient": True, "revision": 2}


class AppointmentExpired(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_expired", "auth.on_appointment_expired"),
):
    """Nobody answered a request in time, or nobody gave a displaced visit another time."""


class AppointmentMissed(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_missed", "clinical.on_appointment_missed", "auth.on_appointment_missed"),
):
    """The patient has not come."""


class PatientArrived(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_patient_arrived", "clinical.on_patient_arrived", "auth.on_patient_arrived"),
):
    """The patient is at the desk, perhaps after all: it may come after `appointment_missed`, which it takes back."""
