"""Histories: one appointment with all that happened to it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import Query, View
from contracts.roles import DESK
from contracts.scheduling.appointments.views import DOCTOR, PATIENT, VISIT, AppointmentStatus, AppointmentView


class AppointmentPart(StrEnum):
    """What of a visit may differ from what it was."""

    STATUS = "status"
    DOCTOR_ID = "doctor_id"
    STARTS_AT = "starts_at"
    ENDS_AT = "ends_at"
    PLACE = "place"
    REASON = "reason"
    OVERBOOKED = "overbooked"


class ChangeView(View):
    """What a visit became, when and by whom; `actor_id` is null for the system.

    `changed` names what is not as it was before; it is empty of a new visit. `reason` is why it was changed.
    `former_reason` is why the patient came, until this change said something else. What was not kept yet is null.
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


class AppointmentWithHistoryView(AppointmentView):
    """A visit and all that happened to it, oldest first."""

    history: list[ChangeView]


class GetAppointment(Query, service="scheduling", roles=DESK | DOCTOR | PATIENT, returns=AppointmentWithHistoryView):
    """One visit with its history: the patient's own, the doctor's own, any for the desk.

    The patient is told why it was rejected, called off or displaced, and of no other reason; all are told why the
    patient came, also until that was changed (`former_reason`).
    """

    appointment_id: Annotated[UUID, VISIT]
