"""Views of swaps: both shifts in a swap, and the open swap of a shift."""

from typing import Any

from chassis.contract import page_of
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.queries import GetShift
from contracts.scheduling.shifts.swaps import ListMySwaps, SwapView
from contracts.scheduling.shifts.views import ColleagueShiftView, ShiftWithSwapView
from services.scheduling.shifts import queries as shift_queries
from services.scheduling.shifts import swaps
from tests.calls import called
from tests.scheduling.factories import at
from tests.scheduling.recorded_sql import record_statements
from tests.scheduling.staff_factories import ADMIN, answer_swap, ask_for_swap, assign_shift, decide_swap


def test_swap_shows_time_and_ward_of_both_shifts(session: Session, requester: Actor, colleague: Actor) -> None:
    shift, colleague_shift = assign_shift(session, requester), assign_shift(session, colleague, at(days=3))
    first_swap = ask_for_swap(session, requester, shift, colleague, colleague_shift)
    ask_for_swap(session, requester, assign_shift(session, requester, at(days=4)), colleague)
    with record_statements(session) as sent:
        newest, first = page_of(SwapView).dump_one(swaps.own(session, colleague, ListMySwaps(limit=100, cursor=None)))[
            "items"
        ]
    assert len(sent) == 3, "however many swaps there are"
    assert newest["in_exchange"] is None
    for shown in (first, SwapView.schema().dump(first_swap)):
        assert shown["shift"] == ColleagueShiftView.schema().dump(shift)
        assert shown["in_exchange"] == ColleagueShiftView.schema().dump(colleague_shift)


def swap_shown(session: Session, shift: Any) -> Any:
    """The open swap of a shift, as an admin sees it."""
    return ShiftWithSwapView.schema().dump(shift_queries.get(session, ADMIN, GetShift(shift_id=shift["id"])))["swap"]


def test_shift_shows_its_open_swap_to_admins(session: Session, requester: Actor, colleague: Actor) -> None:
    shift = assign_shift(session, requester)
    swap = ask_for_swap(session, requester, shift, colleague)
    answer_swap(session, colleague, swap)
    people = {"asked_by": str(requester.person), "asked_of": str(colleague.person)}
    names = {"asked_by_name": None, "asked_of_name": None}
    facts = {"id": str(swap["id"]), "in_exchange_id": None, "status": "accepted", "revision": 2}
    assert swap_shown(session, shift) == {**people, **names, **facts}


def test_shift_shows_no_swap_before_and_after_it_is_open(session: Session, requester: Actor, colleague: Actor) -> None:
    shift = assign_shift(session, requester)
    assert swap_shown(session, shift) is None
    answer_swap(session, colleague, ask_for_swap(session, requester, shift, colleague))
    with called(session, if_match='"2"'):
        decide_swap(session, shift, decision="refuse", reason="Ward 1 needs you.")
    assert swap_shown(session, shift) is None
