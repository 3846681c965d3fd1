"""Swaps: one asks, the other accepts, an admin approves, and only then does a shift move."""

from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict, Forbidden, Invalid, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.events import ShiftChanged
from contracts.scheduling.shifts.swaps import ListMySwaps, ListSwaps
from services.scheduling.directory import staff
from services.scheduling.shifts import swaps
from tests.scheduling.factories import at, heard, patient, said
from tests.scheduling.rota import ADMIN, answer, ask, change, decide, nurse, shift, shifts_of, somebody, states


@pytest.fixture
def one(session: Session) -> Actor:
    """Somebody of the staff."""
    return nurse(session)


@pytest.fixture
def other(session: Session) -> Actor:
    """Somebody else of the staff."""
    return nurse(session)


def agreed(session: Session, one: Actor, other: Actor, exchange: Any = None, **when: Any) -> Any:
    """A shift of one that the other is willing to take, perhaps for a shift of his own."""
    given = shift(session, one, **when)
    answer(session, other, ask(session, one, given, other, exchange))
    session.published.clear()
    return given


def test_a_shift_moves_when_an_admin_approves_what_both_want(session: Session, one: Actor, other: Actor) -> None:
    given = agreed(session, one, other)
    assert shifts_of(session, one) == [given["id"]]
    assert decide(session, given)["status"] == "approved"
    assert (shifts_of(session, one), shifts_of(session, other)) == ([], [given["id"]])


def test_both_are_told_of_a_shift_that_moves(session: Session, one: Actor, other: Actor) -> None:
    decide(session, agreed(session, one, other))
    told = [(event["person_id"], event["status"], event["revision"]) for event in said(session, ShiftChanged)]
    assert told == [(one.person, "given_away", 2), (other.person, "assigned", 2)]


@pytest.mark.parametrize("hour", [9, 12, 20])
def test_two_shifts_change_places_even_if_they_overlap(session: Session, one: Actor, other: Actor, hour: int) -> None:
    theirs = shift(session, other, at(hour=hour))
    mine = agreed(session, one, other, theirs)
    decide(session, mine)
    assert (shifts_of(session, one), shifts_of(session, other)) == ([theirs["id"]], [mine["id"]])
    told = {(event["person_id"], event["shift_id"], event["status"]) for event in said(session, ShiftChanged)}
    given_away = {(one.person, mine["id"], "given_away"), (other.person, theirs["id"], "given_away")}
    assert told == given_away | {(other.person, mine["id"], "assigned"), (one.person, theirs["id"], "assigned")}


def test_nobody_gets_a_shift_that_overlaps_another(session: Session, one: Actor, other: Actor) -> None:
    shift(session, other, at(hour=12))
    with pytest.raises(Conflict) as refusal:
        decide(session, agreed(session, one, other))
    assert refusal.value.code == "shift_overlaps"


def test_who_asks_does_not_get_a_shift_that_overlaps_another(session: Session, one: Actor, other: Actor) -> None:
    shift(session, one, at(days=3, hour=12))
    with pytest.raises(Conflict) as refusal:
        decide(session, agreed(session, one, other, shift(session, other, at(days=3))))
    assert refusal.value.code == "shift_overlaps"


def test_nobody_works_too_much_by_taking_a_shift(session: Session, one: Actor, other: Actor) -> None:
    for day in range(3, 7):
        shift(session, other, at(days=day), 13)
    with pytest.raises(Conflict) as refusal:
        decide(session, agreed(session, one, other, hours=9))
    assert (refusal.value.code, refusal.value.facts) == ("too_many_hours", {"hours": 61.0})


def test_nobody_works_too_much_by_what_he_gets_in_exchange(session: Session, one: Actor, other: Actor) -> None:
    for day in range(3, 7):
        shift(session, one, at(days=day), 13)
    with pytest.raises(Conflict) as refusal:
        decide(session, agreed(session, one, other, shift(session, other, at(days=7), 10)))
    assert (refusal.value.code, refusal.value.facts) == ("too_many_hours", {"hours": 62.0})


def test_what_the_other_has_not_accepted_is_not_approved(session: Session, one: Actor, other: Actor) -> None:
    given = shift(session, one)
    ask(session, one, given, other)
    with pytest.raises(Conflict) as refusal:
        decide(session, given)
    assert refusal.value.code == "swap_not_accepted"


def test_what_nobody_asked_for_is_not_approved(session: Session, one: Actor) -> None:
    with pytest.raises(Conflict) as refusal:
        decide(session, shift(session, one))
    assert refusal.value.code == "swap_not_accepted"


def test_a_refusal_needs_a_reason_and_moves_nothing(session: Session, one: Actor, other: Actor) -> None:
    given = agreed(session, one, other)
    with pytest.raises(Invalid) as refusal:
        decide(session, given, decision="refuse", reason=" ")
    assert refusal.value.code == "reason_required"
    refused = decide(session, given, decision="refuse", reason="Ward 1 needs you.")
    assert (refused["status"], refused["reason"]) == ("refused", "Ward 1 needs you.")
    assert shifts_of(session, one) == [given["id"]]


def test_a_swap_is_decided_once(session: Session, one: Actor, other: Actor) -> None:
    given = agreed(session, one, other)
    decide(session, given)
    with pytest.raises(Conflict):
        decide(session, given, decision="refuse", reason="No.")


@pytest.mark.parametrize("which", ["asked_by", "asked_of"])
def test_nobody_decides_about_his_own_swap(session: Session, one: Actor, other: Actor, which: str) -> None:
    who = {"asked_by": one, "asked_of": other}[which]
    with pytest.raises(Forbidden) as refusal:
        decide(session, agreed(session, one, other), by=patient(who.person, "nurse", "admin"))
    assert refusal.value.code == "own_request"


@pytest.mark.parametrize("gone", ["one", "other"])
def test_nobody_who_has_left_gets_a_shift(session: Session, one: Actor, other: Actor, gone: str) -> None:
    given = agreed(session, one, other, shift(session, other, at(days=3)))
    staff.suspend(session, heard(session, 2), user_id={"one": one, "other": other}[gone].person)
    with pytest.raises(NotFound):
        decide(session, given)


def test_swaps_of_unknown_shifts_are_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        decide(session, {"id": somebody()})


def test_a_shift_has_one_open_swap_at_most(session: Session, one: Actor, other: Actor) -> None:
    given = shift(session, one)
    ask(session, one, given, other)
    with pytest.raises(Conflict) as refusal:
        ask(session, one, given, nurse(session))
    assert refusal.value.code == "swap_pending"


@pytest.mark.parametrize("ended", ["decline", "withdraw"])
def test_somebody_else_may_be_asked_when_a_swap_has_ended(
    session: Session, one: Actor, other: Actor, ended: str
) -> None:
    given = shift(session, one)
    answer(session, one if ended == "withdraw" else other, ask(session, one, given, other), ended)
    assert ask(session, one, given, nurse(session))["status"] == "asked"


def test_one_asks_only_for_ones_own_shift(session: Session, one: Actor, other: Actor) -> None:
    with pytest.raises(NotFound):
        ask(session, one, shift(session, other), other)


@pytest.mark.parametrize("of", ["stranger", "leaver"])
def test_only_staff_is_asked(session: Session, one: Actor, other: Actor, of: str) -> None:
    staff.suspend(session, heard(session, 2), user_id=other.person)
    with pytest.raises(NotFound):
        ask(session, one, shift(session, one), other if of == "leaver" else patient())


def test_nobody_asks_himself(session: Session, one: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(session, one, shift(session, one), one)
    assert list(refusal.value.facts["errors"]) == ["asked_of"]


def test_a_cancelled_shift_is_not_given_away(session: Session, one: Actor, other: Actor) -> None:
    given = change(session, shift(session, one), status="cancelled")
    with pytest.raises(Conflict) as refusal:
        ask(session, one, given, other)
    assert refusal.value.code == "shift_cancelled"
    with pytest.raises(Conflict) as refusal:
        decide(session, given)
    assert refusal.value.code == "shift_cancelled"


@pytest.mark.parametrize("which", ["somebody else's", "cancelled", "past", "unknown"])
def test_only_a_shift_to_come_of_the_other_is_had_in_exchange(
    session: Session, one: Actor, other: Actor, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = shift(session, one, at(days=9)), shift(session, nurse(session) if which[0] == "s" else other)
    if which == "cancelled":
        change(session, theirs, status="cancelled")
    if which == "past":
        monkeypatch.setattr(clock, "now", lambda: theirs["starts_at"])
    with pytest.raises(NotFound):
        ask(session, one, mine, other, {"id": somebody()} if which == "unknown" else theirs)


@pytest.mark.parametrize(
    ("said", "who"), [("accept", "one"), ("decline", "one"), ("withdraw", "other"), ("accept", "third")]
)
def test_a_swap_is_answered_only_by_whom_it_concerns(
    session: Session, one: Actor, other: Actor, said: str, who: str
) -> None:
    asked = ask(session, one, shift(session, one), other)
    with pytest.raises(NotFound):
        answer(session, {"one": one, "other": other, "third": nurse(session)}[who], asked, said)


@pytest.mark.parametrize("first", ["accept", "decline", "withdraw"])
def test_an_answer_is_given_once(session: Session, one: Actor, other: Actor, first: str) -> None:
    asked = ask(session, one, shift(session, one), other)
    answer(session, one if first == "withdraw" else other, asked, first)
    with pytest.raises(Conflict) as refusal:
        answer(session, other, asked)
    assert refusal.value.code == "swap_answered"


def test_what_is_accepted_can_still_be_withdrawn(session: Session, one: Actor, other: Actor) -> None:
    asked = ask(session, one, shift(session, one), other)
    answer(session, other, asked)
    assert answer(session, one, asked, "withdraw") == "withdrawn"


@pytest.mark.parametrize("changes", [{"status": "cancelled"}, {"ward": "Ward 2"}], ids=str)
@pytest.mark.parametrize("which", ["given", "got"])
def test_a_shift_that_changes_withdraws_its_swap(
    session: Session, one: Actor, other: Actor, which: str, changes: dict[str, Any]
) -> None:
    theirs = shift(session, other, at(days=3))
    mine = agreed(session, one, other, theirs)
    change(session, {"given": mine, "got": theirs}[which], **changes)
    assert states(session, one) == ["withdrawn"]


def test_an_approved_swap_withdraws_the_others_about_the_same_shifts(
    session: Session, one: Actor, other: Actor
) -> None:
    third, theirs = nurse(session), shift(session, other, at(days=3))
    ask(session, third, shift(session, third, at(days=4)), other, theirs)
    mine = agreed(session, one, other, theirs)
    decide(session, mine)
    assert (states(session, third), states(session, one)) == (["withdrawn"], ["approved"])


def test_one_lists_the_swaps_that_one_asked_for_or_is_asked_for(session: Session, one: Actor, other: Actor) -> None:
    third = nurse(session)
    first = ask(session, one, shift(session, one), other)
    second = ask(session, other, shift(session, other), third)
    page = swaps.own(session, other, ListMySwaps(limit=1, cursor=None))
    rest = swaps.own(session, other, ListMySwaps(limit=1, cursor=page.next))
    assert [row["id"] for row in (*page.items, *rest.items)] == [second["id"], first["id"]]
    assert states(session, ADMIN) == []


def test_admins_list_the_swaps_that_wait_for_them(session: Session, one: Actor, other: Actor) -> None:
    ask(session, one, shift(session, one, at(days=5)), other)
    waiting = agreed(session, one, other)
    page = swaps.listing(session, ADMIN, ListSwaps(status="accepted", limit=20, cursor=None))
    assert [row["shift_id"] for row in page.items] == [waiting["id"]]


def test_who_has_accepted_may_decline_until_an_admin_has_decided(session: Session, one: Actor, other: Actor) -> None:
    given = shift(session, one)
    asked = ask(session, one, given, other)
    answer(session, other, asked)
    assert answer(session, other, asked, "decline") == "declined"
    with pytest.raises(Conflict) as refusal:
        decide(session, given)
    assert refusal.value.code == "swap_not_accepted"
    approved = agreed(session, one, other, starts_at=at(days=3))
    swap = decide(session, approved)
    with pytest.raises(Conflict) as refusal:
        answer(session, other, swap, "decline")
    assert (refusal.value.code, refusal.value.facts) == ("swap_answered", {"state": "approved"})
