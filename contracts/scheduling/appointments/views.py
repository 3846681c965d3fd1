"""Views of appointments."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.contract import View
from contracts.roles import Role

DOCTOR = frozenset({Role.DOCTOR})


PATIENT = frozenset({Role.PATIENT})


VISIT = "The visit."


class AppointmentStatus(StrEnum):
    """The states of a visit."""

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
    """A visit, or the request for one.

    `status_reason` is why it was rejected, cancelled or displaced; `overbooked` ones share the doctor's time with
    another; `first_call` ones were displaced and are to be given a time before others.
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
