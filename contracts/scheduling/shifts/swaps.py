"""Swaps: a person gives a shift to a colleague, with the approval of an admin."""

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
from contracts.scheduling.shifts.views import ADMIN, NAME, NURSE, THE_SHIFT, ColleagueShiftView
from contracts.texts import Reason
from records.fields import Facts

OTHER_ROLE = Refusal(
    Conflict,
    "other_role",
    "The two people share no staff role.",
    "The two people share no staff role, so neither can take the other's shift.",
)
SHIFT_BEGUN = Refusal(
    Conflict,
    "shift_begun",
    "The shift has started.",
    "The shift, or the shift in exchange, has started and cannot be given away.",
)
SWAP_ANSWERED = Refusal(
    Conflict,
    "swap_answered",
    "The swap is {state}.",
    "The swap was answered, withdrawn or decided, or has expired. `state` is the present state.",
)
SWAP_NOT_ACCEPTED = Refusal(
    Conflict,
    "swap_not_accepted",
    "The swap is {state}.",
    "No swap of this shift waits for a decision: no colleague has accepted it.",
)
SWAP_PENDING = Refusal(
    Conflict,
    "swap_pending",
    "A colleague is already asked to take this shift.",
    "A colleague is already asked to take this shift: withdraw that swap first.",
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
    """The states of a swap after an answer of one of its two people."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


WHY_NOT = Facts(example="Ward 3 needs you that day.")


class SwapView(View):
    """A request to give a shift to a colleague: asked, accepted by the colleague, approved by an admin.

    A swap expires when its shift begins before the approval. `shift` is the shift to give away, `in_exchange` the shift
    to receive, if any. Both show their present values.
    """

    id: UUID
    shift_id: UUID
    shift: ColleagueShiftView
    asked_by: UUID
    asked_by_name: Annotated[str, NAME] | None
    asked_of: UUID
    asked_of_name: Annotated[str, NAME] | None
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
    """Ask a colleague who shares a role to take a shift of the caller, optionally for one of theirs.

    The colleague is notified.
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
    """Accept or decline a swap as the colleague, or withdraw it as its requester.

    The other person is notified. An accepted swap can be declined or withdrawn until an admin has decided.
    """

    swap_id: Annotated[UUID, "The swap."]
    answer: Literal["accept", "decline", "withdraw"]


class ListMySwaps(PageQuery, service="scheduling", roles=STAFF, returns=page_of(SwapView)):
    """List the swaps that the caller requested or was asked for, newest first."""


class ListSwaps(PageQuery, service="scheduling", roles=ADMIN, returns=page_of(SwapView)):
    """List all swaps in one state, newest first. Default: those that wait for an admin."""

    status: Annotated[SwapStatus, "Only swaps in this state."] = SwapStatus.ACCEPTED


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
    """Approve or refuse an accepted swap.

    Admins do not decide about their own swaps. Both people are notified. `If-Match` takes the revision of the swap
    (`swap` of the shift), not of the shift.
    """

    shift_id: Annotated[UUID, THE_SHIFT]
    decision: Literal["approve", "refuse"] = "approve"
    reason: Annotated[Reason, WHY_NOT] | None = None


class SwapEvent(Event):
    """The facts that every event about a swap carries. The times are those of the shift to give away."""

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
    """A member of staff asks a colleague to take a shift."""


class SwapAnswered(SwapEvent, service="scheduling", subject="swap_id", heard_by=("notify.on_swap_answered",)):
    """The colleague accepted or declined, or the requester withdrew."""

    status: SwapAnswer
    example = {**SwapEvent.example, "status": "accepted", "revision": 2}


class SwapDecided(SwapEvent, service="scheduling", subject="swap_id", heard_by=("notify.on_swap_decided",)):
    """An admin approved or refused a swap. An approval also sends `shift_changed` to both people."""

    status: Literal["approved", "refused"]
    example = {**SwapEvent.example, "status": "refused", "revision": 3}


class SwapEnded(SwapEvent, service="scheduling", subject="swap_id", heard_by=("notify.on_swap_ended",)):
    """A swap ended without a decision: one of its shifts changed (`withdrawn`) or began (`expired`)."""

    status: Literal["withdrawn", "expired"]
    example = {**SwapEvent.example, "status": "expired", "revision": 3}
