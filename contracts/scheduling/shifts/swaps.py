"""Swaps: a person gives a shift to a colleague, with an admin's approval."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.refusals import OWN_REQUEST, REASON_REQUIRED
from contracts.roles import STAFF
from contracts.scheduling.shifts.commands import SHIFT_CANCELLED, SHIFT_OVERLAPS, TOO_MANY_HOURS
from contracts.scheduling.shifts.views import ADMIN, NURSE, THE_SHIFT, ColleagueShiftView
from contracts.texts import Reason
from records.fields import Facts

OTHER_ROLE = Refusal(
    Conflict,
    "other_role",
    "The two have no role of the staff in common.",
    "The two have no role of the staff in common, so neither takes the other's shift.",
)
SHIFT_BEGUN = Refusal(
    Conflict,
    "shift_begun",
    "The shift has begun.",
    "The shift, or the one in exchange, has begun, so that it is not given away any more.",
)
SWAP_ANSWERED = Refusal(
    Conflict,
    "swap_answered",
    "The swap is {state}.",
    "The swap has been answered, withdrawn or decided, or has expired; `state` says what it is.",
)
SWAP_NOT_ACCEPTED = Refusal(
    Conflict,
    "swap_not_accepted",
    "The swap is {state}.",
    "No swap of this shift waits for a decision: nobody has accepted to take it.",
)
SWAP_PENDING = Refusal(
    Conflict,
    "swap_pending",
    "Somebody is asked to take this shift already.",
    "Somebody is asked to take this shift already: withdraw that first.",
)


class SwapStatus(StrEnum):
    """The states of a swap."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class SwapAnswer(StrEnum):
    """The states of a swap that one of its two people has answered."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


WHY_NOT = Facts(example="Ward 3 needs you that day.")


class SwapView(View):
    """Somebody's wish to give a shift to another person: asked, accepted by that person, approved by an admin.

    One whose shift has begun before an admin decided is `expired`. `shift` is what is given away, and `in_exchange`
    what is got for it, if anything, both as they are now.
    """

    id: UUID
    shift_id: UUID
    shift: ColleagueShiftView
    asked_by: UUID
    asked_of: UUID
    in_exchange_id: UUID | None
    in_exchange: ColleagueShiftView | None
    status: SwapStatus
    reason: Annotated[str, WHY_NOT] | None
    revision: int


class AskForSwap(
    Command,
    service="scheduling",
    roles=STAFF,
    returns=SwapView,
    refuses=(SWAP_PENDING, SHIFT_CANCELLED, SHIFT_BEGUN, OTHER_ROLE),
):
    """Ask another one of the staff, who has a role in common, to take one's own shift, perhaps for one of theirs.

    The other one is told.
    """

    shift_id: Annotated[UUID, THE_SHIFT]
    asked_of: UUID
    in_exchange_id: UUID | None = None


class AnswerSwap(
    Command,
    service="scheduling",
    roles=STAFF,
    returns=SwapView,
    revised=True,
    refuses=(SWAP_ANSWERED, SHIFT_BEGUN),
):
    """Accept or decline a swap that one is asked for; who asked may withdraw it.

    The other one is told.

    What is accepted can be declined or withdrawn until an admin has decided.
    """

    swap_id: Annotated[UUID, "The swap."]
    answer: Literal["accept", "decline", "withdraw"]


class ListMySwaps(PageQuery, service="scheduling", roles=STAFF, returns=page_of(SwapView)):
    """The swaps that one asked for or is asked for, newest first."""


class ListSwaps(PageQuery, service="scheduling", roles=ADMIN, returns=page_of(SwapView)):
    """All swaps in one state, newest first: those that wait for an admin when not told otherwise."""

    status: Annotated[SwapStatus, "Only swaps that stand so."] = SwapStatus.ACCEPTED


class DecideSwap(
    Command,
    service="scheduling",
    roles=ADMIN,
    returns=SwapView,
    revised=True,
    refuses=(
        OWN_REQUEST,
        SWAP_NOT_ACCEPTED,
        SHIFT_OVERLAPS,
        TOO_MANY_HOURS,
        SHIFT_CANCELLED,
        SHIFT_BEGUN,
        OTHER_ROLE,
        REASON_REQUIRED,
    ),
):
    """Approve or refuse the swap of a shift that the other one has accepted.

    Nobody decides about their own.

    Both are told. `If-Match` takes the revision of the swap (`swap` of the shift has it), not that of the shift.
    """

    shift_id: Annotated[UUID, THE_SHIFT]
    decision: Literal["approve", "refuse"] = "approve"
    reason: Annotated[Reason, WHY_NOT] | None = None


class SwapEvent(Event):
    """What every event about a swap says. `starts_at` and `ends_at` are those of the shift that is given away."""

    swap_id: UUID
    shift_id: UUID
    in_exchange_id: UUID | None
    asked_by: UUID
    asked_of: UUID
    starts_at: datetime
    ends_at: datetime
    revision: int
    example = {
        "swap_id": "01919c5e-0000-7000-8000-0000000000d1",
        "shift_id": "01919c5e-0000-7000-8000-0000000000b1",
        "in_exchange_id": None,
        "asked_by": NURSE,
        "asked_of": "01919c5e-0000-7000-8000-000000000005",
        "starts_at": "2026-11-23T06:00:00+00:00",
        "ends_at": "2026-11-23T14:00:00+00:00",
        "revision": 1,
    }


class SwapAsked(SwapEvent, service="scheduling", subject="swap_id", heard_by=("notify.on_swap_asked",)):
    """One of the staff asks another one to take a shift."""


class SwapAnswered(SwapEvent, service="scheduling", subject="swap_id", heard_by=("notify.on_swap_answered",)):
    """The one who is asked has accepted or declined, or who asked has withdrawn."""

    status: SwapAnswer
    example = {**SwapEvent.example, "status": "accepted", "revision": 2}


class SwapDecided(SwapEvent, service="scheduling", subject="swap_id", heard_by=("notify.on_swap_decided",)):
    """An admin has approved a swap, so that the shifts have moved (`shift_changed` says so to both), or refused it."""

    status: Literal["approved", "refused"]
    example = {**SwapEvent.example, "status": "refused", "revision": 3}


class SwapEnded(SwapEvent, service="scheduling", subject="swap_id", heard_by=("notify.on_swap_ended",)):
    """A swap came to nothing of itself: a shift of it has changed (`withdrawn`) or begun (`expired`)."""

    status: Literal["withdrawn", "expired"]
    example = {**SwapEvent.example, "status": "expired", "revision": 3}
