"""Lists of appointments."""

from typing import Annotated
from uuid import UUID

from chassis.contract import page_of
from contracts.ranges import TimedQuery
from contracts.roles import DESK
from contracts.scheduling.appointments.views import (
    DOCTOR,
    PATIENT,
    AppointmentStatus,
    AppointmentWithDoctorView,
    AppointmentWithPeopleView,
)
from contracts.several import Choices

FIRST_CALL = "Only appointments that are, or are not, first in line for a new time."


class AppointmentQuery(TimedQuery):
    """Base of lists of appointments, filtered by status and start. Default order: latest first."""

    status: Annotated[list[AppointmentStatus], Choices] | None = None


class ListPatientAppointments(
    AppointmentQuery, service="scheduling", roles=PATIENT, returns=page_of(AppointmentWithDoctorView)
):
    """List the patient's own appointments, latest first."""

    patient_id: UUID


class ListDoctorAppointments(
    AppointmentQuery, service="scheduling", roles=DOCTOR, returns=page_of(AppointmentWithPeopleView)
):
    """List the doctor's own appointments, latest first."""

    doctor_id: UUID
    first_call: Annotated[bool, FIRST_CALL] | None = None


class ListAppointments(AppointmentQuery, service="scheduling", roles=DESK, returns=page_of(AppointmentWithPeopleView)):
    """List all appointments, latest first, filtered by doctor, patient or `first_call`."""

    doctor_id: Annotated[UUID, "Only appointments of this doctor."] | None = None
    patient_id: Annotated[UUID, "Only appointments of this patient."] | None = None
    first_call: Annotated[bool, FIRST_CALL] | None = None
