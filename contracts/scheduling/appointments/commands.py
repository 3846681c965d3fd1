"""Commands that book, answer, reschedule and cancel appointments."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command
from chassis.errors import Conflict, Forbidden
from chassis.refusals import Refusal
from contracts.roles import DESK, Role
from contracts.scheduling.appointments.views import APPOINTMENT, DOCTOR, PATIENT, AppointmentView
from contracts.scheduling.availability import PLACE
from contracts.scheduling.refusals import (
    DOCTOR_GONE,
    NOT_IN_FUTURE,
    OUTSIDE_HOURS,
    OWN_VISIT,
    PATIENT_BUSY,
    PATIENT_DECEASED,
    SLOT_TAKEN,
    TOO_FAR_AHEAD,
    TOO_LATE,
)
from contracts.texts import Reason
from records.fields import OMITTED, Facts, Omitted

CANNOT_BE_CANCELLED = Refusal(
    Conflict,
    "cannot_be_cancelled",
    "The appointment is {state}.",
    (
        "Only a requested, booked or displaced appointment can be cancelled. The desk may also cancel after arrival. "
        "`state` is the present state."
    ),
)


CANNOT_BE_MOVED = Refusal(
    Conflict,
    "cannot_be_moved",
    "The appointment is {state}.",
    "Only a requested, booked or displaced appointment can be changed. `state` is the present state.",
)


DESK_ONLY = Refusal(
    Forbidden,
    "desk_only",
    "Only the desk may overbook.",
    "Only the desk may overbook, or give an appointment to another doctor.",
)


LATE_CANCEL = Refusal(
    Conflict,
    "late_cancel",
    "Within 24 hours of the appointment only the hospital may change it.",
    "Within 24 hours of a booked appointment the patient can neither reschedule nor cancel it: ask the desk.",
)


NOT_REQUESTED = Refusal(
    Conflict,
    "not_requested",
    "The appointment is {state}.",
    "Only a requested appointment can be accepted or rejected. `state` is the present state.",
)


OWN_PATIENT = Refusal(
    Conflict,
    "own_visit",
    "Doctors cannot treat themselves: choose another doctor.",
    "Doctors cannot treat themselves: choose another doctor.",
)


TOO_MANY_REQUESTS = Refusal(
    Conflict,
    "too_many_requests",
    "The patient has five unanswered requests already.",
    "The patient has five unanswered requests already.",
)


ANOTHER = "Another doctor of the directory. Default: the present doctor."


OVERBOOKING = "Why the appointment may be outside the doctor's hours, or overlap another one."


OVERBOOKED = "Length of an overbooked appointment. Defaults to the slot length, or 15 minutes."


class Overbooking(Command):
    """Base of commands that set a time. The desk may overbook."""

    overbook_reason: Annotated[Reason, Facts(description=OVERBOOKING, roles=DESK)] | None = None
    minutes: Annotated[int, validate.Range(5, 480), Facts(description=OVERBOOKED, roles=DESK)] | None = None

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if self.minutes is not None and self.overbook_reason is None:
            yield "minutes", "Allowed only with `overbook_reason`."


class BookAppointment(
    Overbooking,
    service="scheduling",
    roles=DESK | {Role.PATIENT, Role.DOCTOR},
    returns=AppointmentView,
    verified=True,
    refuses=(
        SLOT_TAKEN,
        OUTSIDE_HOURS,
        PATIENT_BUSY,
        TOO_MANY_REQUESTS,
        OWN_PATIENT,
        PATIENT_DECEASED,
        NOT_IN_FUTURE,
        TOO_FAR_AHEAD,
        DESK_ONLY,
    ),
):
    """Request an appointment with a doctor.

    The doctor accepts or rejects a patient's request. The desk and the doctor book without a request.

    A doctor books only for patients of the last 365 days: the patient arrived for, or began, a visit with this doctor.

    The desk may overbook with a reason: outside the doctor's hours, or at a time that is taken. The refusals
    `slot_taken` and `patient_busy` name the conflicting appointment in `appointment_id`, to the desk and to callers who
    take part in that appointment.
    """

    doctor_id: UUID
    patient_id: UUID
    starts_at: datetime
    reason: Annotated[str, validate.Length(max=500)] | None = None


class AcceptAppointment(
    Command,
    service="scheduling",
    roles=DOCTOR,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_REQUESTED, TOO_LATE, OWN_VISIT),
):
    """Accept a requested appointment."""

    appointment_id: Annotated[UUID, APPOINTMENT]


class RejectAppointment(
    Command,
    service="scheduling",
    roles=DOCTOR,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_REQUESTED, OWN_VISIT),
):
    """Reject a requested appointment, with a reason."""

    appointment_id: Annotated[UUID, APPOINTMENT]
    reason: Reason


class CancelAppointment(
    Command,
    service="scheduling",
    roles=DESK | PATIENT,
    returns=AppointmentView,
    revised=True,
    refuses=(CANNOT_BE_CANCELLED, LATE_CANCEL),
):
    """Cancel an appointment, with a reason.

    A patient may cancel until 24 hours before a booked appointment. Later only the desk may.

    The desk may also cancel after the patient has arrived: the patient left, or the visit was started by mistake.
    """

    appointment_id: Annotated[UUID, APPOINTMENT]
    reason: Reason


class RescheduleAppointment(
    Overbooking,
    service="scheduling",
    roles=DESK | DOCTOR | PATIENT,
    returns=AppointmentView,
    revised=True,
    refuses=(
        SLOT_TAKEN,
        OUTSIDE_HOURS,
        PATIENT_BUSY,
        TOO_MANY_REQUESTS,
        CANNOT_BE_MOVED,
        LATE_CANCEL,
        DOCTOR_GONE,
        OWN_PATIENT,
        PATIENT_DECEASED,
        NOT_IN_FUTURE,
        TOO_FAR_AHEAD,
        DESK_ONLY,
    ),
):
    """Move an appointment to another time.

    The appointment keeps its id. A patient's change is a new request to the doctor. Rescheduling to the present time
    changes nothing.
    """

    appointment_id: Annotated[UUID, APPOINTMENT]
    starts_at: datetime
    doctor_id: Annotated[UUID, ANOTHER] | None = None


class ChangeAppointment(
    Command,
    service="scheduling",
    roles=frozenset({Role.ADMIN}),
    returns=AppointmentView,
    revised=True,
    refuses=(
        SLOT_TAKEN,
        OUTSIDE_HOURS,
        PATIENT_BUSY,
        CANNOT_BE_MOVED,
        DOCTOR_GONE,
        OWN_PATIENT,
        NOT_IN_FUTURE,
        TOO_FAR_AHEAD,
        OWN_VISIT,
    ),
):
    """Change an appointment's doctor, time, place or reason. Omitted fields stay. The appointment is then booked."""

    appointment_id: Annotated[UUID, APPOINTMENT]
    doctor_id: UUID | Omitted = OMITTED
    starts_at: datetime | Omitted = OMITTED
    place: Annotated[str, PLACE] | Omitted | None = OMITTED
    reason: Annotated[str, validate.Length(max=500)] | Omitted | None = OMITTED
