"""Visits: the appointment from the arrival of the patient to its completion."""

from typing import Annotated
from uuid import UUID

from chassis.contract import Command
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.roles import DESK, Role
from contracts.scheduling.appointments.views import DOCTOR, VISIT, AppointmentView
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
    "The visit is {state}.",
    (
        "Only a booked visit can be started (or one whose patient is there), its patient be missed, or arrive (or "
        "one who was missed); `state` says what it is."
    ),
)
NOT_FULFILLED = Refusal(
    Conflict,
    "not_fulfilled",
    "The visit is {state}.",
    "Only a completed visit can have its completion undone; `state` says what it is.",
)
NOT_IN_PROGRESS = Refusal(
    Conflict,
    "not_in_progress",
    "The visit is {state}.",
    "Only a visit that has been started can be completed; `state` says what it is.",
)
TOO_EARLY = Refusal(
    Conflict,
    "too_early",
    "The visit has not begun.",
    (
        "The visit begins in over 24 hours, so it is not started and its patient has not arrived: reschedule it "
        "first. Or it has not begun, so its patient is not missed."
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
    """The doctor begins the visit, at most 24 hours before its time: move one that is further ahead first."""

    appointment_id: Annotated[UUID, VISIT]


class CompleteVisit(
    Command,
    service="scheduling",
    roles=DOCTOR,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_IN_PROGRESS, OWN_VISIT),
):
    """The doctor ends the visit."""

    appointment_id: Annotated[UUID, VISIT]


class UndoCompletion(
    Command,
    service="scheduling",
    roles=frozenset({Role.ADMIN}),
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_FULFILLED, OWN_VISIT),
):
    """An admin takes back that a visit was completed, which was a mistake, with a reason.

    The visit is `booked` again at its time; `displaced`, when the time is not free any more; `cancelled`, when its day
    is over or its patient has died or is erased. Its patient reads the reason of the last two. An unpaid invoice of it
    is void; what was paid is listed for a refund.
    """

    appointment_id: Annotated[UUID, VISIT]
    reason: Reason


class MarkArrived(
    Command,
    service="scheduling",
    roles=DESK,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_BOOKED, TOO_EARLY, TOO_LATE, SLOT_TAKEN, PATIENT_BUSY, OUTSIDE_HOURS, DOCTOR_GONE, OWN_VISIT),
):
    """The patient is at the desk: until 24 hours after the visit also one who was marked as missing."""

    appointment_id: Annotated[UUID, VISIT]


class MarkNoShow(
    Command,
    service="scheduling",
    roles=DESK | DOCTOR,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_BOOKED, TOO_EARLY, OWN_VISIT),
):
    """The patient has not come."""

    appointment_id: Annotated[UUID, VISIT]
