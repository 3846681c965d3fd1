"""The history of an appointment."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import Query, View
from contracts.roles import DESK
from contracts.scheduling.appointments.views import (
    APPOINTMENT,
    DOCTOR,
    PATIENT,
    AppointmentStatus,
    AppointmentWithPeopleView,
)


class AppointmentPart(StrEnum):
    """The parts of an appointment that may change."""

    STATUS = "status"
    DOCTOR_ID = "doctor_id"
    STARTS_AT = "starts_at"
    ENDS_AT = "ends_at"
    PLACE = "place"
    REASON = "reason"
    OVERBOOKED = "overbooked"


class ChangeView(View):
    """One change of an appointment. `actor_id` is null for the system.

    `changed` names the parts that differ from the previous revision; it is empty for a new appointment. `reason` is why
    the change was made. `former_reason` is why the patient came, when this change replaced it. Values that older rows
    do not have are null.
    """

    revision: int
    status: AppointmentStatus
    changed: list[AppointmentPart] | None
    doctor_id: UUID | None
    starts_at: datetime
    ends_at: datetime | None
    place: str | None
    overbooked: bool | None
    former_reason: str | None
    reason: str | None
    actor_id: UUID | None
    at: datetime


class AppointmentWithHistoryView(AppointmentWithPeopleView):
    """An appointment with its changes, oldest first."""

    history: list[ChangeView]


class GetAppointment(Query, service="scheduling", roles=DESK | DOCTOR | PATIENT, returns=AppointmentWithHistoryView):
    """Get one appointment with its history.

    Patients and doctors see their own, the desk sees all. A patient sees the reason of a rejection, cancellation or
    displacement, and no other. All callers see why the patient came, including replaced reasons (`former_reason`).
    """

    appointment_id: Annotated[UUID, APPOINTMENT]
