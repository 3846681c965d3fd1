"""Events about swaps, swaps of shifts that have begun, and shared roles."""

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
from tests.scheduling.factories import at, event_actor, published
from tests.scheduling.staff_factories import (
    ADMIN,
    add_nurse,
    add_staff,
    answer_swap,
    ask_for_swap,
    assign_shift,
    change_shift,
    decide_swap,
    shift_ids_of,
    swap_statuses,
)


def swap_events(session: Session) -> list[tuple[type[Event], str, int]]:
    """Kind, status and revision of each published event about swaps."""
    events = [event for event in session.published if type(event) in (SwapAsked, SwapAnswered, SwapDecided, SwapEnded)]
    return [(type(event), event.data.get("status", "asked"), event.data["revision"]) for event in events]


def ask_and_answer(
    session: Session, requester: Actor, colleague: Actor, *published: str, exchange: Any = None, **when: Any
) -> tuple[Any, Any]:
    """Ask a colleague to take a new shift, and send these answers; return the shift and the swap."""
    shift = assign_shift(session, requester, **when)
    swap = ask_for_swap(session, requester, shift, colleague, exchange)
    for each in published:
        answer_swap(session, colleague, swap, each)
    return shift, swap


def test_asked_event_names_the_people_and_the_shifts(session: Session, requester: Actor, colleague: Actor) -> None:
    colleague_shift = assign_shift(session, colleague, at(days=3))
    shift, swap = ask_and_answer(session, requester, colleague, exchange=colleague_shift)
    ids = {"swap_id": swap["id"], "shift_id": shift["id"], "in_exchange_id": colleague_shift["id"], "revision": 1}
    people = {"asked_by": requester.person, "asked_of": colleague.person}
    times = {"starts_at": shift["starts_at"], "ends_at": shift["ends_at"]}
    assert published(session, SwapAsked) == [{**ids, **people, **times}]


@pytest.mark.parametrize(
    ("reply", "status"), [("accept", "accepted"), ("decline", "declined"), ("withdraw", "withdrawn")]
)
def test_answered_event_names_the_status(
    session: Session, requester: Actor, colleague: Actor, reply: str, status: str
) -> None:
    _shift, swap = ask_and_answer(session, requester, colleague)
    answer_swap(session, requester if reply == "withdraw" else colleague, swap, reply)
    assert swap_events(session) == [(SwapAsked, "asked", 1), (SwapAnswered, status, 2)]


def test_answered_event_is_published_again_when_the_answer_changes(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    ask_and_answer(session, requester, colleague, "accept", "decline")
    assert swap_events(session) == [
        (SwapAsked, "asked", 1),
        (SwapAnswered, "accepted", 2),
        (SwapAnswered, "declined", 3),
    ]


@pytest.mark.parametrize(("decision", "status"), [("approve", "approved"), ("refuse", "refused")])
def test_decided_event_names_the_status(
    session: Session, requester: Actor, colleague: Actor, decision: str, status: str
) -> None:
    shift, _swap = ask_and_answer(session, requester, colleague, "accept")
    decide_swap(session, shift, decision=decision, reason="Ward 1 needs you.")
    assert swap_events(session)[-1] == (SwapDecided, status, 3)


@pytest.mark.parametrize("which", ["own", "exchanged"])
def test_ended_event_is_published_when_a_shift_of_the_swap_changes(
    session: Session, requester: Actor, colleague: Actor, which: str
) -> None:
    colleague_shift = assign_shift(session, colleague, at(days=3))
    shift, _swap = ask_and_answer(session, requester, colleague, "accept", exchange=colleague_shift)
    change_shift(session, {"own": shift, "exchanged": colleague_shift}[which], ward="Ward 2")
    assert swap_events(session)[-1] == (SwapEnded, "withdrawn", 3)


def test_ended_event_is_published_when_another_swap_is_approved(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    third, colleague_shift = add_nurse(session), assign_shift(session, colleague, at(days=3))
    ask_and_answer(session, third, colleague, exchange=colleague_shift, starts_at=at(days=4))
    shift, _swap = ask_and_answer(session, requester, colleague, "accept", exchange=colleague_shift)
    decide_swap(session, shift)
    assert swap_events(session)[-2:] == [(SwapEnded, "withdrawn", 2), (SwapDecided, "approved", 3)]
    assert {event["person_id"] for event in published(session, ShiftChanged)} == {requester.person, colleague.person}


@pytest.mark.parametrize("which", ["own", "exchanged"])
@pytest.mark.parametrize("move", ["accept", "decline", "withdraw", "approve", "refuse"])
def test_answer_and_decision_are_refused_when_a_shift_has_begun(
    session: Session, requester: Actor, colleague: Actor, monkeypatch: pytest.MonkeyPatch, move: str, which: str
) -> None:
    colleague_shift = assign_shift(session, colleague, at(days=3 if which == "own" else 1))
    shift, swap = ask_and_answer(
        session, requester, colleague, *(["accept"] if move in ("approve", "refuse") else []), exchange=colleague_shift
    )
    monkeypatch.setattr(clock, "now", lambda: {"own": shift, "exchanged": colleague_shift}[which]["starts_at"])
    moves = {
        "withdraw": lambda: answer_swap(session, requester, swap, move),
        **dict.fromkeys(("accept", "decline"), lambda: answer_swap(session, colleague, swap, move)),
        **dict.fromkeys(("approve", "refuse"), lambda: decide_swap(session, shift, decision=move, reason="No.")),
    }
    with pytest.raises(Conflict) as refusal:
        moves[move]()
    assert refusal.value.code == "shift_begun"


def test_swap_is_refused_when_the_shift_has_begun(
    session: Session, requester: Actor, colleague: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift = assign_shift(session, requester)
    monkeypatch.setattr(clock, "now", lambda: shift["starts_at"])
    with pytest.raises(Conflict) as refusal:
        ask_for_swap(session, requester, shift, colleague)
    assert refusal.value.code == "shift_begun"


@pytest.mark.parametrize("which", ["own", "exchanged"])
@pytest.mark.parametrize("answers", [[], ["accept"]], ids=str)
def test_swap_expires_once_when_one_of_its_shifts_begins(
    session: Session,
    requester: Actor,
    colleague: Actor,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[str],
    which: str,
) -> None:
    colleague_shift = assign_shift(session, colleague, at(days=3 if which == "own" else 1))
    shift, _swap = ask_and_answer(session, requester, colleague, *answers, exchange=colleague_shift)
    monkeypatch.setattr(clock, "now", lambda: {"own": shift, "exchanged": colleague_shift}[which]["starts_at"])
    for _twice in range(2):
        pending_swaps.expire_swaps(session, event_actor(session))
        session.flush()
    assert swap_statuses(session, requester) == ["expired"]
    assert swap_events(session)[-1] == (SwapEnded, "expired", len(answers) + 2)
    waiting = swaps.listing(session, ADMIN, ListSwaps(status="accepted", limit=100, cursor=None))
    assert shift["id"] not in [row["shift_id"] for row in waiting.items]


def test_swap_does_not_expire_when_it_is_ahead_or_has_ended(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    ask_and_answer(session, requester, colleague)
    ask_and_answer(session, requester, colleague, "decline", starts_at=at(days=3))
    pending_swaps.expire_swaps(session, event_actor(session))
    assert sorted(swap_statuses(session, requester)) == ["asked", "declined"]


def test_swap_is_refused_when_the_colleague_has_another_role(session: Session, requester: Actor) -> None:
    with pytest.raises(Conflict) as refusal:
        ask_for_swap(session, requester, assign_shift(session, requester), add_staff(session, "lab_technician"))
    assert refusal.value.code == "other_role"


def test_swap_is_allowed_when_one_role_is_shared(session: Session) -> None:
    requester, colleague = add_staff(session, "nurse", "pharmacist"), add_staff(session, "receptionist", "nurse")
    _given, swap = ask_and_answer(session, requester, colleague)
    assert swap["status"] == "asked"


def test_approval_is_refused_when_the_shared_role_was_revoked(session: Session, requester: Actor) -> None:
    colleague = add_staff(session, "nurse", "pharmacist")
    shift, _swap = ask_and_answer(session, requester, colleague, "accept")
    staff.dismiss(session, event_actor(session, 2), user_id=colleague.person, role="nurse")
    staff.on_staff_approved(
        session, event_actor(session, 3), example_of(StaffApproved, user_id=colleague.person, role="pharmacist")
    )
    with pytest.raises(Conflict) as refusal:
        decide_swap(session, shift)
    assert refusal.value.code == "other_role"
    assert shift_ids_of(session, requester) == [shift["id"]]


def test_answer_is_refused_when_the_revision_is_stale(session: Session, requester: Actor, colleague: Actor) -> None:
    _shift, swap = ask_and_answer(session, requester, colleague, "accept")
    with called(session, if_match='"1"'), pytest.raises(Stale) as refusal:
        answer_swap(session, requester, swap, "withdraw")
    assert refusal.value.facts == {"revision": 2}


def test_decision_is_refused_when_the_revision_is_stale(session: Session, requester: Actor, colleague: Actor) -> None:
    shift, _swap = ask_and_answer(session, requester, colleague, "accept")
    with called(session, if_match='"1"'), pytest.raises(Stale) as refusal:
        decide_swap(session, shift)
    assert refusal.value.facts == {"revision": 2}
