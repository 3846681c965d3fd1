"""Views of appointments."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import View
from contracts.roles import Role
from records.fields import Facts

DOCTOR = frozenset({Role.DOCTOR})


PATIENT = frozenset({Role.PATIENT})


APPOINTMENT = "The appointment."


class AppointmentStatus(StrEnum):
    """The states of an appointment."""

    REQUESTED = "requested"
    BOOKED = "booked"
    ARRIVED = "arrived"
    IN_PROGRESS = "in_progress"
    FULFILLED = "fulfilled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    DISPLACED = "displaced"


class AppointmentView(View):
    """An appointment, or the request for one.

    `status_reason` is why the appointment was rejected, cancelled or displaced. An `overbooked` appointment may overlap
    another appointment of the doctor. A `first_call` appointment was displaced and is first in line for a new time.
    """

    id: UUID
    doctor_id: UUID
    patient_id: UUID
    starts_at: datetime
    ends_at: datetime
    place: str | None
    status: AppointmentStatus
    reason: str | None
    status_reason: str | None
    overbooked: bool
    first_call: bool
    revision: int


class AppointmentWithDoctorView(AppointmentView):
    """An appointment with the name of its doctor, or "former doctor" after the doctor's erasure."""

    doctor_name: Annotated[str, Facts(example="Dr Lena Weiss")]
    doctor_specialization: Annotated[str, Facts(example="cardiology")] | None


class AppointmentWithPeopleView(AppointmentWithDoctorView):
    """An appointment with its doctor and its patient, for staff and doctors.

    The facts of the patient are null until clinical has published them. An erased patient is a "former patient".
    """

    patient_name: Annotated[str, Facts(example="Asha Rao")] | None
    patient_mrn: Annotated[str, Facts(example="M-0001234-6")] | None
    patient_birth_date: date | None
