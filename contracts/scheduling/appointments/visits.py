"""Commands for the visit itself: arrival, start, completion and no-show."""

from typing import Annotated
from uuid import UUID

from chassis.contract import Command
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.roles import DESK, Role
from contracts.scheduling.appointments.views import APPOINTMENT, DOCTOR, AppointmentView
from contracts.scheduling.refusals import (
    DOCTOR_GONE,
    OUTSIDE_HOURS,
    OWN_VISIT,
    PATIENT_BUSY,
    SLOT_TAKEN,
    TOO_LATE,
)
from contracts.texts import Reason

NOT_BOOKED = Refusal(
    Conflict,
    "not_booked",
    "The appointment is {state}.",
    (
        "A visit can start when booked or arrived. A patient can arrive when booked or missed, and be missed when "
        "booked. `state` is the present state."
    ),
)
NOT_FULFILLED = Refusal(
    Conflict,
    "not_fulfilled",
    "The appointment is {state}.",
    "Only a completed visit can be undone. `state` is the present state.",
)
NOT_IN_PROGRESS = Refusal(
    Conflict,
    "not_in_progress",
    "The appointment is {state}.",
    "Only a started visit can be completed. `state` is the present state.",
)
TOO_EARLY = Refusal(
    Conflict,
    "too_early",
    "It is too early for that.",
    (
        "A visit starts, and a patient arrives, at most 24 hours before the appointment: reschedule it first. A "
        "patient is missed only after the appointment has begun."
    ),
)


class StartVisit(
    Command,
    service="scheduling",
    roles=DOCTOR,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_BOOKED, TOO_EARLY, OWN_VISIT),
):
    """Start the visit, at most 24 hours before its time. Reschedule a later appointment first."""

    appointment_id: Annotated[UUID, APPOINTMENT]


class CompleteVisit(
    Command,
    service="scheduling",
    roles=DOCTOR,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_IN_PROGRESS, OWN_VISIT),
):
    """Complete the visit."""

    appointment_id: Annotated[UUID, APPOINTMENT]


class UndoCompletion(
    Command,
    service="scheduling",
    roles=frozenset({Role.ADMIN}),
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_FULFILLED, OWN_VISIT),
):
    """Undo a completion that was a mistake, with a reason.

    The appointment becomes `booked` again at its time. It becomes `displaced` when the time is taken. It becomes
    `cancelled` when its day is over, or when the patient has died or was erased. In the last two cases the patient
    reads the reason. An unpaid invoice is voided; a paid amount is listed for a refund.
    """

    appointment_id: Annotated[UUID, APPOINTMENT]
    reason: Reason


class MarkArrived(
    Command,
    service="scheduling",
    roles=DESK,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_BOOKED, TOO_EARLY, TOO_LATE, SLOT_TAKEN, PATIENT_BUSY, OUTSIDE_HOURS, DOCTOR_GONE, OWN_VISIT),
):
    """Mark the patient as arrived. Until 24 hours after the visit, this also reverts a no-show."""

    appointment_id: Annotated[UUID, APPOINTMENT]


class MarkNoShow(
    Command,
    service="scheduling",
    roles=DESK | DOCTOR,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_BOOKED, TOO_EARLY, OWN_VISIT),
):
    """Mark the patient as not having come."""

    appointment_id: Annotated[UUID, APPOINTMENT]
