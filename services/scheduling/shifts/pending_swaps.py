"""Open swaps: their events, and how a changed or started shift ends them."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy import or_, select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.swaps import SwapEnded
from services.scheduling.models.shifts import OPEN_SWAP, Shift, ShiftSwap

BATCH = 200


class SwapFacts(TypedDict):
    """The facts that every event about a swap carries: the times are those of the shift."""

    swap_id: UUID
    shift_id: UUID
    in_exchange_id: UUID | None
    asked_by: UUID
    asked_of: UUID
    starts_at: datetime
    ends_at: datetime
    revision: int


def facts(session: Session, swap: ShiftSwap) -> SwapFacts:
    """Return the facts of a swap for an event."""
    shift = session.get_one(Shift, swap.shift_id)
    return {
        "swap_id": swap.id,
        "shift_id": swap.shift_id,
        "in_exchange_id": swap.in_exchange_id,
        "asked_by": swap.asked_by,
        "asked_of": swap.asked_of,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "revision": swap.revision,
    }


def of_shift(session: Session, shift_id: UUID) -> ShiftSwap | None:
    """Return the open swap of a shift, if any."""
    return session.scalar(select(ShiftSwap).where(ShiftSwap.shift_id == shift_id, OPEN_SWAP))


def must_be_ahead(session: Session, swap: ShiftSwap) -> None:
    """Refuse with `shift_begun` if one of the shifts has started."""
    shifts = select(Shift).where(Shift.id.in_([swap.shift_id, swap.in_exchange_id]))
    for shift in session.scalars(shifts).all():
        shift.must_be_ahead(clock.now())


def withdraw(session: Session, *shift_ids: UUID) -> None:
    """Withdraw the open swaps of changed shifts, given or received. Both people are notified."""
    about = or_(ShiftSwap.shift_id.in_(shift_ids), ShiftSwap.in_exchange_id.in_(shift_ids))
    query = select(ShiftSwap).where(about, OPEN_SWAP).order_by(ShiftSwap.id).with_for_update()
    for swap in session.scalars(query).all():
        swap.withdraw()
        session.publish(SwapEnded(**facts(session, swap), status="withdrawn"))


def expire_swaps(session: Session, _actor: Actor) -> None:
    """Expire open swaps when one of their shifts has started. Both people are notified."""
    of_swap = or_(Shift.id == ShiftSwap.shift_id, Shift.id == ShiftSwap.in_exchange_id)
    has_begun = select(Shift.id).where(of_swap, Shift.starts_at <= clock.now()).exists()
    query = select(ShiftSwap).where(OPEN_SWAP, has_begun).order_by(ShiftSwap.id).limit(BATCH)
    for swap in session.scalars(query.with_for_update(skip_locked=True)).all():
        swap.expire()
        session.publish(SwapEnded(**facts(session, swap), status="expired"))
