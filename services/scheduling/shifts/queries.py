"""Lists of shifts."""

from collections.abc import Mapping

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.queries import GetShift, ListMyShifts, ListShifts
from contracts.scheduling.shifts.views import ShiftView
from services.scheduling import listings
from services.scheduling.directory import people
from services.scheduling.listings import ListingWithLookUps
from services.scheduling.models.shifts import Shift
from services.scheduling.shifts import pending_swaps
from services.scheduling.shifts.commands import SHIFT, not_found

SHIFTS = ListingWithLookUps(ShiftView, (SHIFT.c.starts_at, SHIFT.c.id), [people.named("person_id")])


def get(session: Session, _actor: Actor, query: GetShift) -> Mapping[str, object]:
    """Get one shift with its open swap."""
    shift = session.get(Shift, query.shift_id)
    if shift is None:
        raise not_found()
    swap = pending_swaps.of_shift(session, query.shift_id)
    with_people = None if swap is None else people.with_names(session, swap, "asked_by", "asked_of")
    return {**people.with_names(session, shift, "person_id"), "swap": with_people}


def listing(session: Session, _actor: Actor, query: ListShifts) -> Page:
    """List all shifts."""
    filters = {"person_id": query.person_id, "ward": query.ward, "status": query.status}
    return SHIFTS.page(session, listings.window_of(query), **filters)


def own(session: Session, actor: Actor, query: ListMyShifts) -> Page:
    """List the caller's shifts."""
    actor.may_act_for(query.person_id)
    return SHIFTS.page(session, listings.window_of(query), person_id=query.person_id, status=query.status)
