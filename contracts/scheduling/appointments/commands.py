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
from contracts.scheduling.appointments.views import DOCTOR, PATIENT, VISIT, AppointmentView
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
    "The visit is {state}.",
    (
        "Only a requested, booked or displaced visit can be called off, and by the desk one whose patient is there; "
        "`state` says what it is."
    ),
)


CANNOT_BE_MOVED = Refusal(
    Conflict,
    "cannot_be_moved",
    "The visit is {state}.",
    "Only a requested, booked or displaced visit can be moved or changed; `state` says what it is.",
)


DESK_ONLY = Refusal(
    Forbidden,
    "desk_only",
    "Only the desk books beside the doctor's hours and other visits.",
    "Only the desk overbooks, or gives a doctor's visit to another doctor.",
)


LATE_CANCEL = Refusal(
    Conflict,
    "late_cancel",
    "Within 24 hours of the visit only the hospital moves it or calls it off.",
    "Within 24 hours of an agreed visit its patient neither moves it nor calls it off: ask the desk.",
)


NOT_REQUESTED = Refusal(
    Conflict,
    "not_requested",
    "The visit is {state}.",
    "Only a requested visit can be accepted or rejected; `state` says what it is.",
)


OWN_PATIENT = Refusal(
    Conflict,
    "own_visit",
    "A doctor is nobody's own patient: choose another doctor.",
    "A doctor is nobody's own patient: choose another doctor.",
)


TOO_MANY_REQUESTS = Refusal(
    Conflict,
    "too_many_requests",
    "Five requests of this patient wait for an answer already.",
    "Five requests of this patient wait for an answer already.",
)


ANOTHER = "Another doctor of the directory; the visit's own unless it is said."


OVERBOOKING = "Why the visit may be beside the doctor's hours, or at a time that somebody has."


OVERBOOKED = "Of an overbooked visit. Unless it is said, the doctor's slot then counts, or 15 where there is none."


class Overbooking(Command):
    """Base of what gives a visit a time, which the desk may do beside the doctor's hours and other visits."""

    overbook_reason: Annotated[Reason, Facts(description=OVERBOOKING, roles=DESK)] | None = None
    minutes: Annotated[int, validate.Range(5, 480), Facts(description=OVERBOOKED, roles=DESK)] | None = None

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if self.minutes is not None and self.overbook_reason is None:
            yield "minutes", "Only an overbooked visit takes other minutes than the slot."


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
    """Ask a doctor for a visit, who accepts or rejects it.

    The desk books without asking, and so does a doctor.

    A doctor only for patients who have been there: for a visit with this doctor that was begun, or for which they
    arrived, whose time was in the last 365 days.

    The desk may overbook, with a reason: outside the doctor's hours, or at a time that somebody has. The first and the
    third name in `appointment_id` the visit that is in the way, to the desk and to those whose visit it is.
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
    """The doctor agrees to a requested visit."""

    appointment_id: Annotated[UUID, VISIT]


class RejectAppointment(
    Command,
    service="scheduling",
    roles=DOCTOR,
    returns=AppointmentView,
    revised=True,
    refuses=(NOT_REQUESTED, OWN_VISIT),
):
    """The doctor does not agree to a requested visit, and says why."""

    appointment_id: Annotated[UUID, VISIT]
    reason: Reason


class CancelAppointment(
    Command,
    service="scheduling",
    roles=DESK | PATIENT,
    returns=AppointmentView,
    revised=True,
    refuses=(CANNOT_BE_CANCELLED, LATE_CANCEL),
):
    """Call a visit off, with a reason.

    A patient can until 24 hours before an agreed visit; later only the desk.

    The desk can also when the patient is there: they left without being seen, or it was begun by mistake.
    """

    appointment_id: Annotated[UUID, VISIT]
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
    """Move a visit to another time; it keeps its id. A patient's is asked for again. To where it is: no change."""

    appointment_id: Annotated[UUID, VISIT]
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
    """Give a visit another doctor, time, place or reason; what is left out stays. It is agreed then."""

    appointment_id: Annotated[UUID, VISIT]
    doctor_id: UUID | Omitted = OMITTED
    starts_at: datetime | Omitted = OMITTED
    place: Annotated[str, PLACE] | Omitted | None = OMITTED
    reason: Annotated[str, validate.Length(max=500)] | Omitted | None = OMITTED
