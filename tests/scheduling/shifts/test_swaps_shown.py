"""What is shown of swaps: both shifts to whom it concerns, and to admins the swap with its shift."""

import pytest

from chassis.contract import page_of
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.queries import GetShift
from contracts.scheduling.shifts.swaps import ListMySwaps, SwapView
from contracts.scheduling.shifts.views import ColleagueShiftView, ShiftWithSwapView
from services.scheduling.shifts import queries as shift_queries
from services.scheduling.shifts import swaps
from tests.calls import called
from tests.scheduling.factories import at, statements
from tests.scheduling.rota import ADMIN, answer, ask, decide, nurse, shift


@pytest.fixture
def one(session: Session) -> Actor:
    """Somebody of the staff."""
    return nurse(session)


@pytest.fixture
def other(session: Session) -> Actor:
    """Somebody else of the staff."""
    return nurse(session)


def test_who_is_asked_sees_when_and_where_both_shifts_are(session: Session, one: Actor, other: Actor) -> None:
    given, got = shift(session, one), shift(session, other, at(days=3))
    made = ask(session, one, given, other, got)
    ask(session, one, shift(session, one, at(days=4)), other)
    with statements(session) as sent:
        newest, first = page_of(SwapView).dump_one(swaps.own(session, other, ListMySwaps(limit=100, cursor=None)))[
            "items"
        ]
    assert len(sent) == 2, "however many swaps there are"
    assert newest["in_exchange"] is None
    for shown in (first, SwapView.schema().dump(made)):
        assert shown["shift"] == ColleagueShiftView.schema().dump(given)
        assert shown["in_exchange"] == ColleagueShiftView.schema().dump(got)


def test_admins_see_with_a_shift_which_swap_of_it_is_open(session: Session, one: Actor, other: Actor) -> None:
    given = shift(session, one)
    assert shift_queries.get(session, ADMIN, GetShift(shift_id=given["id"]))["swap"] is None
    asked = ask(session, one, given, other)
    answer(session, other, asked)
    shown = ShiftWithSwapView.schema().dump(shift_queries.get(session, ADMIN, GetShift(shift_id=given["id"])))
    facts = {"asked_by": str(one.person), "asked_of": str(other.person), "in_exchange_id": None, "status": "accepted"}
    assert (shown["revision"], shown["swap"]) == (1, {"id": str(asked["id"]), **facts, "revision": 2})
    with called(session, if_match='"2"'):
        decide(session, given, decision="refuse", reason="Ward 1 needs you.")
    assert shift_queries.get(session, ADMIN, GetShift(shift_id=given["id"]))["swap"] is None
