"""Views of shifts."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from marshmallow import validate

from chassis.contract import View
from contracts.roles import STAFF, Role
from contracts.texts import VISIBLE
from records.fields import Facts

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
    """The state of a shift after a change, for the person to notify."""

    ASSIGNED = "assigned"
    CANCELLED = "cancelled"
    GIVEN_AWAY = "given_away"


NAME = Facts(description="Null until auth has published it.", example="Mia Berg")


WARD = (validate.Length(1, 100), VISIBLE)


THE_SHIFT = "The shift."


A_WARD = Facts(example="Ward 3")


STARTS = Facts(example="2026-11-23T05:00:00+00:00")


ENDS = Facts(example="2026-11-23T13:00:00+00:00")


NURSE = "01919c5e-0000-7000-8000-000000000003"
"""The person of the examples."""


class ShiftView(View):
    """A shift of a person on a ward."""

    id: UUID
    person_id: UUID
    person_name: Annotated[str, NAME] | None
    ward: Annotated[str, A_WARD]
    starts_at: Annotated[datetime, STARTS]
    ends_at: Annotated[datetime, ENDS]
    status: ShiftStatus
    revision: int


class ColleagueView(View):
    """A member of staff who shares a role with the caller."""

    id: UUID
    name: Annotated[str, NAME] | None
    roles: Annotated[
        list[Annotated[Role, validate.OneOf(sorted(STAFF))]],
        Facts(description="The roles that both people have.", example=["nurse"]),
    ]


class ColleagueShiftView(View):
    """A shift as a colleague sees it."""

    id: UUID
    ward: Annotated[str, A_WARD]
    starts_at: Annotated[datetime, STARTS]
    ends_at: Annotated[datetime, ENDS]


class OpenSwapView(View):
    """An undecided swap, shown with its shift. `revision` is the revision of the swap, not of the shift."""

    id: UUID
    asked_by: UUID
    asked_by_name: Annotated[str, NAME] | None
    asked_of: UUID
    asked_of_name: Annotated[str, NAME] | None
    in_exchange_id: UUID | None
    status: Literal["asked", "accepted"]
    revision: int


class ShiftWithSwapView(ShiftView):
    """A shift with its open swap, if any. `ETag` carries the revision of the shift."""

    swap: OpenSwapView | None
