"""Lists of shifts and colleagues."""

from typing import Annotated
from uuid import UUID

from chassis.contract import PageQuery, Query, page_of
from contracts.ranges import TimedQuery
from contracts.roles import STAFF
from contracts.scheduling.shifts.views import (
    A_WARD,
    ADMIN,
    THE_SHIFT,
    WARD,
    ColleagueShiftView,
    ColleagueView,
    ShiftStatus,
    ShiftView,
    ShiftWithSwapView,
)
from contracts.several import Choices
from records.fields import Facts


class GetShift(Query, service="scheduling", roles=ADMIN, returns=ShiftWithSwapView):
    """Get one shift with its open swap."""

    shift_id: Annotated[UUID, THE_SHIFT]


class ListShifts(TimedQuery, service="scheduling", roles=ADMIN, returns=page_of(ShiftView)):
    """List all shifts, by default latest first, filtered by person, ward, status and start."""

    person_id: Annotated[UUID, "Only shifts of this person."] | None = None
    ward: Annotated[str, WARD, Facts({**A_WARD, "description": "The exact name of the ward."})] | None = None
    status: Annotated[list[ShiftStatus], Choices] | None = None


class ListMyShifts(TimedQuery, service="scheduling", roles=STAFF, returns=page_of(ShiftView)):
    """List the caller's shifts, by default latest first. `status` can exclude cancelled shifts."""

    person_id: UUID
    status: Annotated[list[ShiftStatus], Choices] | None = None


class ListColleagues(PageQuery, service="scheduling", roles=STAFF, returns=page_of(ColleagueView)):
    """List the staff who share a role with the caller, by id: the people who may take a shift of the caller."""


class ListColleagueShifts(PageQuery, service="scheduling", roles=STAFF, returns=page_of(ColleagueShiftView)):
    """List a colleague's future shifts, earliest first: the shifts that the caller may ask for in exchange."""

    colleague_id: Annotated[UUID, "The colleague."]
