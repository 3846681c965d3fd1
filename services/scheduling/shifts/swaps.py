"""Use cases of swaps: request, answer, approval."""

from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import Select, Table, or_, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from chassis.persistence.listing import page
from chassis.persistence.locks import read_locked
from chassis.refusals import WRONG_FIELDS
from contracts.refusals import OWN_REQUEST, REASON_REQUIRED
from contracts.scheduling.refusals import NO_SUCH_SWAP
from contracts.scheduling.shifts.swaps import (
    SWAP_NOT_ACCEPTED,
    SWAP_PENDING,
    AnswerSwap,
    AskForSwap,
    DecideSwap,
    ListMySwaps,
    ListSwaps,
    SwapAnswer,
    SwapAnswered,
    SwapAsked,
    SwapDecided,
    SwapView,
)
from contracts.scheduling.shifts.views import ColleagueShiftView
from services.scheduling.directory import people, staff
from services.scheduling.models.shifts import OPEN_SWAP, Shift, ShiftSwap
from services.scheduling.shifts import commands as shifts
from services.scheduling.shifts import pending_swaps

SWAP = cast("Table", ShiftSwap.__table__)
OWN = [name for name in SwapView.schema().fields if name in SWAP.c]
LISTED = [*(SWAP.c[name] for name in OWN), SWAP.c.created_at]
SHIFT = [cast("Table", Shift.__table__).c[name] for name in ColleagueShiftView.schema().fields]
PENDING = {"uq_shift_swap_shift_id": SWAP_PENDING}


def ask(session: Session, actor: Actor, command: AskForSwap) -> dict[str, Any]:
    """Ask a colleague to take a shift of the caller, optionally for one of theirs."""
    session.lock_people(actor.person, command.asked_of)
    shift = session.get(Shift, command.shift_id, with_for_update=True)
    if shift is None or shift.person_id != actor.person:
        raise shifts.not_found()
    shift.must_be_assigned()
    shift.must_be_ahead(clock.now())
    _check_other(session, actor, command.asked_of, command.in_exchange_id)
    swap = ShiftSwap(
        id=uuid7(),
        shift_id=shift.id,
        asked_by=actor.person,
        asked_of=command.asked_of,
        in_exchange_id=command.in_exchange_id,
        status="asked",
        reason=None,
        revision=1,
        created_at=clock.now(),
    )
    with refusing(session, PENDING):
        session.add(swap)
    session.publish(SwapAsked(**pending_swaps.facts(session, swap)))
    return _shown(session, swap)[0]


def _check_other(session: Session, actor: Actor, asked_of: UUID, in_exchange_id: UUID | None) -> None:
    """Refuse unless the colleague shares a role, and owns the shift in exchange, if any."""
    if asked_of == actor.person:
        raise WRONG_FIELDS("Ask somebody else.", errors={"asked_of": ["Is oneself."]})
    staff.must_share_a_role(session, actor.person, asked_of)
    if in_exchange_id is None:
        return
    theirs = select(Shift.id).where(Shift.id == in_exchange_id, Shift.person_id == asked_of)
    if session.scalar(theirs.where(Shift.status == "assigned", Shift.starts_at > clock.now())) is None:
        raise shifts.not_found()


def answer(session: Session, actor: Actor, command: AnswerSwap) -> dict[str, Any]:
    """Accept or decline as the colleague, or withdraw as the requester. An accepted swap may be declined."""
    swap = session.get(ShiftSwap, command.swap_id, with_for_update=True)
    if swap is None or actor.person != (swap.asked_by if command.answer == "withdraw" else swap.asked_of):
        raise NO_SUCH_SWAP()
    session.call.expects(swap.revision)
    swap.must_be_open()
    pending_swaps.must_be_ahead(session, swap)
    {"accept": swap.accept, "decline": swap.decline, "withdraw": swap.withdraw}[command.answer]()
    session.publish(SwapAnswered(**pending_swaps.facts(session, swap), status=SwapAnswer(swap.status)))
    return _shown(session, swap)[0]


def own(session: Session, actor: Actor, query: ListMySwaps) -> Page:
    """List the swaps that the caller requested or was asked for, newest first."""
    mine = or_(SWAP.c.asked_by == actor.person, SWAP.c.asked_of == actor.person)
    return _page(session, select(*LISTED).where(mine), query.limit, query.cursor)


def listing(session: Session, _actor: Actor, query: ListSwaps) -> Page:
    """List all swaps in one state, newest first."""
    return _page(session, select(*LISTED).where(SWAP.c.status == query.status), query.limit, query.cursor)


def _page(session: Session, query: Select[*tuple[Any, ...]], limit: int, cursor: str | None) -> Page:
    found = page(session, query, (SWAP.c.created_at, SWAP.c.id), limit=limit, cursor=cursor)
    return Page(_shown(session, *found.items), found.next)


def _shown(session: Session, *swaps: Any) -> list[dict[str, Any]]:
    """Return swaps as `SwapView` shows them, with present shifts and names, in two statements for all."""
    ids = {one for swap in swaps for one in (swap.shift_id, swap.in_exchange_id) if one is not None}
    found = {row.id: row for row in session.execute(select(*SHIFT).where(SHIFT[0].in_(ids)))} if ids else {}
    names = people.names_of(session, *(person for swap in swaps for person in (swap.asked_by, swap.asked_of)))
    return [
        {
            **{name: getattr(swap, name) for name in OWN},
            "asked_by_name": names.get(swap.asked_by),
            "asked_of_name": names.get(swap.asked_of),
            "shift": found[swap.shift_id],
            "in_exchange": found.get(swap.in_exchange_id),
        }
        for swap in swaps
    ]


def decide(session: Session, actor: Actor, command: DecideSwap) -> dict[str, Any]:
    """Approve an accepted swap, which moves the shifts, or refuse it."""
    if command.decision == "refuse" and not (command.reason or "").strip():
        errors = {"reason": ["A refusal needs a reason."]}
        raise REASON_REQUIRED("Say why the swap is refused.", errors=errors)
    shift, swap = _open_one(session, command.shift_id)
    if actor.person in (swap.asked_by, swap.asked_of):
        raise OWN_REQUEST("Another admin decides about your swap.")
    session.call.expects(swap.revision)
    pending_swaps.must_be_ahead(session, swap)
    decided: Literal["approved", "refused"] = "approved" if command.decision == "approve" else "refused"
    swap.decide(decided, command.reason)
    if command.decision == "approve":
        _carry_out(session, shift, swap)
    session.publish(SwapDecided(**pending_swaps.facts(session, swap), status=decided))
    return _shown(session, swap)[0]


def _open_one(session: Session, shift_id: UUID) -> tuple[Shift, ShiftSwap]:
    """The shift and its open swap, with the locks of both people. NotFound, `shift_cancelled`, `swap_not_accepted`."""
    is_open = select(ShiftSwap).where(ShiftSwap.shift_id == shift_id, OPEN_SWAP)
    people = is_open.with_only_columns(ShiftSwap.asked_by, ShiftSwap.asked_of)

    def read() -> tuple[Shift, ShiftSwap]:
        shift = session.get(Shift, shift_id, with_for_update=True)
        if shift is None:
            raise shifts.not_found()
        shift.must_be_assigned()
        swap = session.scalar(is_open.with_for_update())
        if swap is None:
            raise SWAP_NOT_ACCEPTED("Nobody has accepted to take the shift.", state="none")
        return shift, swap

    return read_locked(
        session,
        people=lambda: session.execute(people).first() or (),
        read=read,
        people_of=lambda found: (found[1].asked_by, found[1].asked_of),
    )


def _carry_out(session: Session, shift: Shift, swap: ShiftSwap) -> None:
    """Each gets what was agreed."""
    takes = [(shift, swap.asked_of)]
    if swap.in_exchange_id is not None:
        theirs = session.get_one(Shift, swap.in_exchange_id, with_for_update=True, populate_existing=True)
        takes.append((theirs, swap.asked_by))
    staff.must_share_a_role(session, swap.asked_by, swap.asked_of)
    shifts.move(session, takes)
