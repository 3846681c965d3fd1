"""Shifts of the staff, and the colleagues who may take one."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, Query, View, page_of
from chassis.errors import Conflict, Invalid
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.ranges import TimedQuery
from contracts.roles import STAFF, Role
from contracts.scheduling.refusals import NOT_IN_FUTURE, TOO_FAR_AHEAD
from contracts.several import Choices
from contracts.texts import VISIBLE
from records.fields import OMITTED, Facts, Omitted

SHIFT_CANCELLED = Refusal(
    Conflict, "shift_cancelled", "The shift is cancelled.", "The shift is cancelled, and does not change any more."
)
SHIFT_OVERLAPS = Refusal(
    Conflict,
    "shift_overlaps",
    "The person has another shift at that time.",
    "The person has another shift at that time.",
)
TOO_LONG = Refusal(Invalid, "too_long", "A shift has at most 16 hours.", "A shift has at most 16 hours.")
TOO_MANY_HOURS = Refusal(
    Conflict,
    "too_many_hours",
    "The person would work more than 60 hours in 7 days.",
    "The person would work more than 60 hours in some 7 days; `hours` says how many.",
)
ADMIN = frozenset({Role.ADMIN})


class ShiftStatus(StrEnum):
    """The states of a shift."""

    ASSIGNED = "assigned"
    CANCELLED = "cancelled"


class ShiftPart(StrEnum):
    """The parts of a shift that may change."""

    PERSON_ID = "person_id"
    WARD = "ward"
    STARTS_AT = "starts_at"
    ENDS_AT = "ends_at"


class ShiftOutcome(StrEnum):
    """The state of a shift after a change, for the person who is notified."""

    ASSIGNED = "assigned"
    CANCELLED = "cancelled"
    GIVEN_AWAY = "given_away"


WARD = (validate.Length(1, 100), VISIBLE)
THE_SHIFT = "The shift."
A_WARD = Facts(example="Ward 3")
STARTS = Facts(example="2026-11-23T05:00:00+00:00")
ENDS = Facts(example="2026-11-23T13:00:00+00:00")
NURSE = "01919c5e-0000-7000-8000-000000000003"
"""The person of the examples."""


class ShiftView(View):
    """A time in which somebody works on a ward."""

    id: UUID
    person_id: UUID
    ward: Annotated[str, A_WARD]
    starts_at: Annotated[datetime, STARTS]
    ends_at: Annotated[datetime, ENDS]
    status: ShiftStatus
    revision: int


class ColleagueView(View):
    """One of the staff who has a role in common with the caller: somebody who may take the caller's shift."""

    id: UUID
    roles: Annotated[
        list[Annotated[Role, validate.OneOf(sorted(STAFF))]],
        Facts(description="Those that both have.", example=["nurse"]),
    ]


class ColleagueShiftView(View):
    """When and where somebody works, as a colleague sees it."""

    id: UUID
    ward: Annotated[str, A_WARD]
    starts_at: Annotated[datetime, STARTS]
    ends_at: Annotated[datetime, ENDS]


class OpenSwapView(View):
    """A swap that is not decided yet, as it is shown with its shift. `revision` is the swap's, not the shift's."""

    id: UUID
    asked_by: UUID
    asked_of: UUID
    in_exchange_id: UUID | None
    status: Literal["asked", "accepted"]
    revision: int


class ShiftWithSwapView(ShiftView):
    """A shift, and the swap that is open for it, if any. `ETag` has the revision of the shift."""

    swap: OpenSwapView | None


class AssignShift(
    Command,
    service="scheduling",
    roles=ADMIN,
    returns=ShiftView,
    refuses=(SHIFT_OVERLAPS, TOO_MANY_HOURS, NOT_IN_FUTURE, TOO_FAR_AHEAD, TOO_LONG),
):
    """Have one of the staff work on a ward for a time: at most 16 hours, and 60 in any 7 days."""

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
    """Give a shift that is still to come another person, ward or time, or cancel it; what is left out stays.

    A swap that is open for it is withdrawn.
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
            yield "status", "A shift that is cancelled keeps the rest."


class GetShift(Query, service="scheduling", roles=ADMIN, returns=ShiftWithSwapView):
    """One shift, with the swap that is open for it."""

    shift_id: Annotated[UUID, THE_SHIFT]


class ListShifts(TimedQuery, service="scheduling", roles=ADMIN, returns=page_of(ShiftView)):
    """All shifts, latest first when not told otherwise; by person, ward, status and when they begin."""

    person_id: Annotated[UUID, "Only shifts of this person."] | None = None
    ward: Annotated[str, WARD, Facts({**A_WARD, "description": "The ward, as it is written."})] | None = None
    status: Annotated[list[ShiftStatus], Choices] | None = None


class ListMyShifts(TimedQuery, service="scheduling", roles=STAFF, returns=page_of(ShiftView)):
    """One's own shifts, latest first when not told otherwise; those that are cancelled, too, unless `status` says."""

    person_id: UUID
    status: Annotated[list[ShiftStatus], Choices] | None = None


class ListColleagues(PageQuery, service="scheduling", roles=STAFF, returns=page_of(ColleagueView)):
    """Who works here and has a role of the staff in common with oneself, by id: whom one may ask to take a shift."""


class ListColleagueShifts(PageQuery, service="scheduling", roles=STAFF, returns=page_of(ColleagueShiftView)):
    """The shifts that a colleague is to work from now on, earliest first: what one may ask for in exchange."""

    colleague_id: Annotated[UUID, "The colleague."]


class ShiftEvent(Event):
    """What every event about a shift says."""

    shift_id: UUID
    person_id: UUID
    starts_at: datetime
    ends_at: datetime
    revision: int
    example = {
        "shift_id": "01919c5e-0000-7000-8000-0000000000b1",
        "person_id": NURSE,
        "starts_at": "2026-11-23T06:00:00+00:00",
        "ends_at": "2026-11-23T14:00:00+00:00",
        "revision": 1,
    }


class ShiftAssigned(ShiftEvent, service="scheduling", subject="shift_id", heard_by=("notify.on_shift_assigned",)):
    """Somebody of the staff is to work."""


class ShiftChanged(ShiftEvent, service="scheduling", subject="shift_id", heard_by=("notify.on_shift_changed",)):
    """A shift has another time or ward, is somebody else's, or is cancelled: who has it is told, and who had it.

    `person_id` is who is told. `changed` names what is not as it was.
    """

    status: ShiftOutcome
    changed: list[ShiftPart]
    example = {**ShiftEvent.example, "status": "assigned", "changed": ["ward"], "revision": 2}
