"""Events about appointments."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis.event import Event
from contracts.scheduling.appointments.history import AppointmentPart
from contracts.scheduling.appointments.views import AppointmentStatus


class AppointmentEvent(Event):
    """The facts that every event about an appointment carries."""

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
    heard_by=("notify.on_appointment_requested",),
):
    """A patient has requested an appointment with a doctor."""


class AppointmentBooked(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_booked", "clinical.on_appointment_booked"),
):
    """An appointment is booked: the doctor accepted the request, or the hospital booked without one.

    `by` is `doctor` or `desk` (the hospital). `overbooked` is true when the appointment is outside the doctor's hours
    or overlaps another. Older events carry null and false.
    """

    by: Literal["doctor", "desk"] | None = None
    overbooked: bool = False
    example = {**AppointmentEvent.example, "by": "doctor", "overbooked": False, "revision": 2}


class AppointmentRescheduled(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_rescheduled", "clinical.on_appointment_rescheduled"),
):
    """An appointment has another time, doctor, place or reason. `status` says whether it is booked or requested.

    `changed` names the parts that differ. `by` names the side that made the change; `desk` is the hospital. Older
    events carry an empty list and null. `former_doctor_id` is the previous doctor, or null when the doctor stays.
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
    heard_by=("notify.on_appointment_displaced", "clinical.on_appointment_displaced"),
):
    """The doctor cannot keep the appointment, and no other doctor took it over. The patient needs another time."""


class VisitStarted(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("clinical.on_visit_started", "billing.on_visit_started"),
):
    """The doctor has started the visit."""


class VisitCompleted(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("billing.on_visit_completed", "notify.on_visit_completed"),
):
    """The doctor has completed the visit."""


class VisitCompletionUndone(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=(
        "billing.on_visit_completion_undone",
        "notify.on_visit_completion_undone",
        "clinical.on_visit_completion_undone",
    ),
):
    """An admin has undone a mistaken completion. Subscribers revert their reactions to `visit_completed`.

    `status` is the status of the appointment now. The doctor may complete a booked appointment again.
    """

    status: Literal["booked", "displaced", "cancelled"]
    example = {**AppointmentEvent.example, "status": "booked", "revision": 5}


class AppointmentRejected(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_rejected",),
):
    """The doctor has rejected the request."""


class AppointmentCancelled(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_cancelled", "clinical.on_appointment_cancelled"),
):
    """An appointment was cancelled, possibly after it had started. `late`: within 24 hours of a booked appointment.

    `by` names the side that cancelled; `desk` is the hospital. `tell_patient` is false for a deceased patient.
    """

    late: bool
    by: Literal["patient", "desk"]
    tell_patient: bool = True
    example = {**AppointmentEvent.example, "late": False, "by": "patient", "tell_patient": True, "revision": 2}


class AppointmentExpired(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_expired",),
):
    """A request was not answered in time, or a displaced appointment got no other time."""


class AppointmentMissed(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_appointment_missed", "clinical.on_appointment_missed"),
):
    """The patient did not come."""


class PatientArrived(
    AppointmentEvent,
    service="scheduling",
    subject="appointment_id",
    heard_by=("notify.on_patient_arrived", "clinical.on_patient_arrived"),
):
    """The patient has arrived. The event may follow `appointment_missed`, which it reverts."""


class OpenAppointmentChanged(
    Event,
    service="scheduling",
    subject="appointment_id",
    heard_by=("auth.on_open_appointment_changed",),
    internal=True,
):
    """An appointment is opened or closed, or an open one has another doctor or another end.

    An appointment is open while it is requested, booked, arrived or in progress. `ends_at` is null when it is closed.
    The event with the highest `revision` counts: a change that leaves doctor and end alone publishes none.
    """

    appointment_id: UUID
    doctor_id: UUID
    ends_at: datetime | None
    revision: int
    example = {
        "appointment_id": "01919c5e-0000-7000-8000-0000000000a1",
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
        "ends_at": "2026-11-23T09:30:00+00:00",
        "revision": 1,
    }
