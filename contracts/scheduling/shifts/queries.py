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
