"""Lists of appointments."""

from typing import Annotated
from uuid import UUID

from chassis.contract import page_of
from contracts.ranges import TimedQuery
from contracts.roles import DESK
from contracts.scheduling.appointments.views import DOCTOR, PATIENT, AppointmentStatus, AppointmentView
from contracts.several import Choices

FIRST_CALL = "Whether only those that are to be given a time before others, or only the others."


class AppointmentQuery(TimedQuery):
    """Base of the lists of visits: by status, and by when they begin; latest first when not told otherwise."""

    status: Annotated[list[AppointmentStatus], Choices] | None = None


class ListPatientAppointments(AppointmentQuery, service="scheduling", roles=PATIENT, returns=page_of(AppointmentView)):
    """One's own visits, latest first."""

    patient_id: UUID


class ListDoctorAppointments(AppointmentQuery, service="scheduling", roles=DOCTOR, returns=page_of(AppointmentView)):
    """The doctor's own visits, latest first."""

    doctor_id: UUID
    first_call: Annotated[bool, FIRST_CALL] | None = None


class ListAppointments(AppointmentQuery, service="scheduling", roles=DESK, returns=page_of(AppointmentView)):
    """All visits, latest first; by doctor, by patient, and whether they are to be given a time before others."""

    doctor_id: Annotated[UUID, "Only visits of this doctor."] | None = None
    patient_id: Annotated[UUID, "Only visits of this patient."] | None = None
    first_call: Annotated[bool, FIRST_CALL] | None = None
