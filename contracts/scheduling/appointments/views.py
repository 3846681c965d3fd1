"""Views of appointments."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.contract import View
from contracts.roles import Role

DOCTOR = frozenset({Role.DOCTOR})


PATIENT = frozenset({Role.PATIENT})


VISIT = "The appointment."


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
