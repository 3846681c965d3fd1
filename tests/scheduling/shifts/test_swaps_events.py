"""Swaps: whoever has not done it is told, once; and nothing waits for a decision that could not be carried out."""

from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict, Stale
from chassis.event import Event
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import StaffApproved
from contracts.scheduling.shifts.events import ShiftChanged
from contracts.scheduling.shifts.swaps import ListSwaps, SwapAnswered, SwapAsked, SwapDecided, SwapEnded
from services.scheduling.directory import staff
from services.scheduling.shifts import pending_swaps, swaps
from tests.calls import called
from tests.events import example_of
from tests.scheduling.factories import at, heard, said
from tests.scheduling.rota import ADMIN, answer, ask, change, colleague, decide, nurse, shift, shifts_of, states


@pytest.fixture
def one(session: Session) -> Actor:
    """Somebody of the staff."""
    return nurse(session)


@pytest.fixture
def other(session: Session) -> Actor:
    """Somebody else of the staff."""
    return nurse(session)


def told(session: Session) -> list[tuple[type[Event], str, int]]:
    """What was published of swaps: the event, the state and the revision."""
    events = [one for one in session.published if type(one) in (SwapAsked, SwapAnswered, SwapDecided, SwapEnded)]
    return [(type(event), event.data.get("status", "asked"), event.data["revision"]) for event in events]


def asked(session: Session, one: Actor, other: Actor, *said: str, exchange: Any = None, **when: Any) -> tuple[Any, Any]:
    """A shift that one asks the other to take, and the swap after these answers of the other."""
    given = shift(session, one, **when)
    swap = ask(session, one, given, other, exchange)
    for each in said:
        answer(session, other, swap, each)
    return given, swap


def test_who_is_asked_is_told_whose_and_which_shift_it_is(session: Session, one: Actor, other: Actor) -> None:
    theirs = shift(session, other, at(days=3))
    given, swap = asked(session, one, other, exchange=theirs)
    ids = {"swap_id": swap["id"], "shift_id": given["id"], "in_exchange_id": theirs["id"], "revision": 1}
    people = {"asked_by": one.person, "asked_of": other.person}
    times = {"starts_at": given["starts_at"], "ends_at": given["ends_at"]}
    assert said(session, SwapAsked) == [{**ids, **people, **times}]


@pytest.mark.parametrize(
    ("given", "status"), [("accept", "accepted"), ("decline", "declined"), ("withdraw", "withdrawn")]
)
def test_each_answer_is_told(session: Session, one: Actor, other: Actor, given: str, status: str) -> None:
    _shift, swap = asked(session, one, other)
    answer(session, one if given == "withdraw" else other, swap, given)
    assert told(session) == [(SwapAsked, "asked", 1), (SwapAnswered, status, 2)]


def test_who_takes_an_answer_back_has_it_told(session: Session, one: Actor, other: Actor) -> None:
    asked(session, one, other, "accept", "decline")
    assert told(session) == [(SwapAsked, "asked", 1), (SwapAnswered, "accepted", 2), (SwapAnswered, "declined", 3)]


@pytest.mark.parametrize(("decision", "status"), [("approve", "approved"), ("refuse", "refused")])
def test_the_decision_is_told(session: Session, one: Actor, other: Actor, decision: str, status: str) -> None:
    given, _swap = asked(session, one, other, "accept")
    decide(session, given, decision=decision, reason="Ward 1 needs you.")
    assert told(session)[-1] == (SwapDecided, status, 3)


@pytest.mark.parametrize("which", ["given", "got"])
def test_a_swap_that_a_changed_shift_ends_is_told(session: Session, one: Actor, other: Actor, which: str) -> None:
    theirs = shift(session, other, at(days=3))
    given, _swap = asked(session, one, other, "accept", exchange=theirs)
    change(session, {"given": given, "got": theirs}[which], ward="Ward 2")
    assert told(session)[-1] == (SwapEnded, "withdrawn", 3)


def test_a_swap_that_another_one_ends_is_told(session: Session, one: Actor, other: Actor) -> None:
    third, theirs = nurse(session), shift(session, other, at(days=3))
    asked(session, third, other, exchange=theirs, starts_at=at(days=4))
    given, _swap = asked(session, one, other, "accept", exchange=theirs)
    decide(session, given)
    assert told(session)[-2:] == [(SwapEnded, "withdrawn", 2), (SwapDecided, "approved", 3)]
    assert {event["person_id"] for event in said(session, ShiftChanged)} == {one.person, other.person}


@pytest.mark.parametrize("which", ["given", "got"])
@pytest.mark.parametrize("move", ["accept", "decline", "withdraw", "approve", "refuse"])
def test_nothing_is_said_of_a_swap_whose_shift_has_begun(
    session: Session, one: Actor, other: Actor, monkeypatch: pytest.MonkeyPatch, move: str, which: str
) -> None:
    theirs = shift(session, other, at(days=3 if which == "given" else 1))
    given, swap = asked(session, one, other, *(["accept"] if move in ("approve", "refuse") else []), exchange=theirs)
    monkeypatch.setattr(clock, "now", lambda: {"given": given, "got": theirs}[which]["starts_at"])
    moves = {
        "withdraw": lambda: answer(session, one, swap, move),
        **dict.fromkeys(("accept", "decline"), lambda: answer(session, other, swap, move)),
        **dict.fromkeys(("approve", "refuse"), lambda: decide(session, given, decision=move, reason="No.")),
    }
    with pytest.raises(Conflict) as refusal:
        moves[move]()
    assert refusal.value.code == "shift_begun"


def test_a_shift_that_has_begun_is_not_given_away(
    session: Session, one: Actor, other: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = shift(session, one)
    monkeypatch.setattr(clock, "now", lambda: given["starts_at"])
    with pytest.raises(Conflict) as refusal:
        ask(session, one, given, other)
    assert refusal.value.code == "shift_begun"


@pytest.mark.parametrize("which", ["given", "got"])
@pytest.mark.parametrize("answers", [[], ["accept"]], ids=str)
def test_a_swap_ends_when_a_shift_of_it_begins_and_waits_for_no_admin(
    session: Session, one: Actor, other: Actor, monkeypatch: pytest.MonkeyPatch, answers: list[str], which: str
) -> None:
    theirs = shift(session, other, at(days=3 if which == "given" else 1))
    given, _swap = asked(session, one, other, *answers, exchange=theirs)
    monkeypatch.setattr(clock, "now", lambda: {"given": given, "got": theirs}[which]["starts_at"])
    for _twice in range(2):
        pending_swaps.expire_swaps(session, heard(session))
        session.flush()
    assert states(session, one) == ["expired"]
    assert told(session)[-1] == (SwapEnded, "expired", len(answers) + 2)
    waiting = swaps.listing(session, ADMIN, ListSwaps(status="accepted", limit=100, cursor=None))
    assert given["id"] not in [row["shift_id"] for row in waiting.items]


def test_a_swap_of_shifts_to_come_goes_on_and_one_that_has_ended_stays(
    session: Session, one: Actor, other: Actor
) -> None:
    asked(session, one, other)
    asked(session, one, other, "decline", starts_at=at(days=3))
    pending_swaps.expire_swaps(session, heard(session))
    assert sorted(states(session, one)) == ["asked", "declined"]


def test_nobody_asks_who_does_other_work(session: Session, one: Actor) -> None:
    with pytest.raises(Conflict) as refusal:
        ask(session, one, shift(session, one), colleague(session, "lab_technician"))
    assert refusal.value.code == "other_role"


def test_who_has_one_role_in_common_is_asked(session: Session) -> None:
    one, other = colleague(session, "nurse", "pharmacist"), colleague(session, "receptionist", "nurse")
    _given, swap = asked(session, one, other)
    assert swap["status"] == "asked"


def test_nobody_gets_a_shift_by_a_role_that_is_taken_meanwhile(session: Session, one: Actor) -> None:
    other = colleague(session, "nurse", "pharmacist")
    given, _swap = asked(session, one, other, "accept")
    staff.dismiss(session, heard(session, 2), user_id=other.person, role="nurse")
    staff.remember(session, heard(session, 3), example_of(StaffApproved, user_id=other.person, role="pharmacist"))
    with pytest.raises(Conflict) as refusal:
        decide(session, given)
    assert refusal.value.code == "other_role"
    assert shifts_of(session, one) == [given["id"]]


def test_a_swap_that_has_moved_on_is_stale(session: Session, one: Actor, other: Actor) -> None:
    given, swap = asked(session, one, other, "accept")
    with called(session, if_match='"1"'), pytest.raises(Stale):
        answer(session, one, swap, "withdraw")
    with called(session, if_match='"1"'), pytest.raises(Stale):
        decide(session, given)
