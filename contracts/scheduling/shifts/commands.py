"""Commands that assign and change shifts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from chassis.contract import Command
from chassis.errors import Conflict, Invalid
from chassis.refusals import Refusal
from contracts.scheduling.refusals import NOT_IN_FUTURE, TOO_FAR_AHEAD
from contracts.scheduling.shifts.views import A_WARD, ADMIN, ENDS, STARTS, THE_SHIFT, WARD, ShiftView
from records.fields import OMITTED, Facts, Omitted

SHIFT_CANCELLED = Refusal(Conflict, "shift_cancelled", "The shift is cancelled.", "A cancelled shift cannot change.")


SHIFT_OVERLAPS = Refusal(
    Conflict,
    "shift_overlaps",
    "The person has another shift at that time.",
    "The person has another shift at that time.",
)


TOO_LONG = Refusal(Invalid, "too_long", "A shift is at most 16 hours long.", "A shift is at most 16 hours long.")


TOO_MANY_HOURS = Refusal(
    Conflict,
    "too_many_hours",
    "The person would work more than 60 hours in 7 days.",
    "The person would work more than 60 hours in 7 days. `hours` is the total.",
)


class AssignShift(
    Command,
    service="scheduling",
    roles=ADMIN,
    returns=ShiftView,
    refuses=(SHIFT_OVERLAPS, TOO_MANY_HOURS, NOT_IN_FUTURE, TOO_FAR_AHEAD, TOO_LONG),
):
    """Assign a shift on a ward to a member of staff: at most 16 hours, and 60 hours in any 7 days."""

    person_id: UUID
    ward: Annotated[str, WARD, A_WARD]
    starts_at: Annotated[datetime, STARTS]
    ends_at: Annotated[datetime, ENDS]

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if self.ends_at <= self.starts_at:
            yield "ends_at", "Must be later than `starts_at`."


class ChangeShift(
    Command,
    service="scheduling",
    roles=ADMIN,
    returns=ShiftView,
    revised=True,
    refuses=(SHIFT_OVERLAPS, TOO_MANY_HOURS, SHIFT_CANCELLED, NOT_IN_FUTURE, TOO_FAR_AHEAD, TOO_LONG),
):
    """Change the person, ward or time of a future shift, or cancel it. Omitted fields stay.

    An open swap of the shift is withdrawn.
    """

    shift_id: Annotated[UUID, THE_SHIFT]
    person_id: UUID | Omitted = OMITTED
    ward: Annotated[str, WARD, A_WARD] | Omitted = OMITTED
    starts_at: Annotated[datetime, STARTS] | Omitted = OMITTED
    ends_at: Annotated[datetime, ENDS] | Omitted = OMITTED
    status: Annotated[Literal["cancelled"], Facts(**{"x-alone": True})] | Omitted = OMITTED

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if self.status is not OMITTED and self.given().keys() - {"shift_id", "status"}:
            yield "status", "Cannot be combined with other changes."
