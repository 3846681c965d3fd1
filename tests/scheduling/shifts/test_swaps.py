"""Swaps of shifts: requests, answers, withdrawals and lists."""

from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.swaps import ListMySwaps, ListSwaps
from services.scheduling.shifts import swaps
from tests.scheduling.departures import suspend_staff
from tests.scheduling.factories import at, make_patient
from tests.scheduling.staff_factories import (
    ADMIN,
    add_accepted_swap,
    add_nurse,
    answer_swap,
    ask_for_swap,
    assign_shift,
    change_shift,
    decide_swap,
    swap_statuses,
    unknown_id,
)


def test_swap_is_refused_when_the_shift_has_an_open_swap(session: Session, requester: Actor, colleague: Actor) -> None:
    shift = assign_shift(session, requester)
    ask_for_swap(session, requester, shift, colleague)
    with pytest.raises(Conflict) as refusal:
        ask_for_swap(session, requester, shift, add_nurse(session))
    assert refusal.value.code == "swap_pending"


@pytest.mark.parametrize("ended", ["decline", "withdraw"])
def test_swap_is_allowed_when_an_earlier_swap_has_ended(
    session: Session, requester: Actor, colleague: Actor, ended: str
) -> None:
    shift = assign_shift(session, requester)
    answer_swap(
        session,
        requester if ended == "withdraw" else colleague,
        ask_for_swap(session, requester, shift, colleague),
        ended,
    )
    assert ask_for_swap(session, requester, shift, add_nurse(session))["status"] == "asked"


def test_swap_is_refused_for_a_shift_of_another_person(session: Session, requester: Actor, colleague: Actor) -> None:
    with pytest.raises(NotFound):
        ask_for_swap(session, requester, assign_shift(session, colleague), colleague)


@pytest.mark.parametrize("of", ["stranger", "leaver"])
def test_swap_is_refused_when_the_asked_person_is_no_staff(
    session: Session, requester: Actor, colleague: Actor, of: str
) -> None:
    suspend_staff(session, colleague)
    with pytest.raises(NotFound):
        ask_for_swap(
            session, requester, assign_shift(session, requester), colleague if of == "leaver" else make_patient()
        )


def test_swap_is_refused_when_requester_and_asked_person_are_the_same(session: Session, requester: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        ask_for_swap(session, requester, assign_shift(session, requester), requester)
    assert list(refusal.value.facts["errors"]) == ["asked_of"]


def test_swap_is_refused_when_the_shift_is_cancelled(session: Session, requester: Actor, colleague: Actor) -> None:
    shift = change_shift(session, assign_shift(session, requester), status="cancelled")
    with pytest.raises(Conflict) as refusal:
        ask_for_swap(session, requester, shift, colleague)
    assert refusal.value.code == "shift_cancelled"


def test_decision_is_refused_when_the_shift_is_cancelled(session: Session, requester: Actor) -> None:
    shift = change_shift(session, assign_shift(session, requester), status="cancelled")
    with pytest.raises(Conflict) as refusal:
        decide_swap(session, shift)
    assert refusal.value.code == "shift_cancelled"


@pytest.mark.parametrize("which", ["somebody else's", "cancelled", "past", "unknown"])
def test_swap_is_refused_when_the_exchange_is_no_future_colleagues_shift(
    session: Session, requester: Actor, colleague: Actor, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_shift, colleague_shift = (
        assign_shift(session, requester, at(days=9)),
        assign_shift(session, add_nurse(session) if which[0] == "s" else colleague),
    )
    if which == "cancelled":
        change_shift(session, colleague_shift, status="cancelled")
    if which == "past":
        monkeypatch.setattr(clock, "now", lambda: colleague_shift["starts_at"])
    with pytest.raises(NotFound):
        ask_for_swap(
            session, requester, own_shift, colleague, {"id": unknown_id()} if which == "unknown" else colleague_shift
        )


@pytest.mark.parametrize(
    ("reply", "person"),
    [("accept", "requester"), ("decline", "requester"), ("withdraw", "colleague"), ("accept", "third")],
)
def test_answer_is_refused_to_people_who_may_not_give_it(
    session: Session, requester: Actor, colleague: Actor, reply: str, person: str
) -> None:
    swap = ask_for_swap(session, requester, assign_shift(session, requester), colleague)
    with pytest.raises(NotFound):
        answer_swap(
            session, {"requester": requester, "colleague": colleague, "third": add_nurse(session)}[person], swap, reply
        )


@pytest.mark.parametrize("first", ["accept", "decline", "withdraw"])
def test_answer_is_refused_when_the_swap_is_answered(
    session: Session, requester: Actor, colleague: Actor, first: str
) -> None:
    swap = ask_for_swap(session, requester, assign_shift(session, requester), colleague)
    answer_swap(session, requester if first == "withdraw" else colleague, swap, first)
    with pytest.raises(Conflict) as refusal:
        answer_swap(session, colleague, swap)
    assert refusal.value.code == "swap_answered"


def test_accepted_swap_can_be_withdrawn(session: Session, requester: Actor, colleague: Actor) -> None:
    swap = ask_for_swap(session, requester, assign_shift(session, requester), colleague)
    answer_swap(session, colleague, swap)
    assert answer_swap(session, requester, swap, "withdraw") == "withdrawn"


@pytest.mark.parametrize("changes", [{"status": "cancelled"}, {"ward": "Ward 2"}], ids=str)
@pytest.mark.parametrize("which", ["own", "exchanged"])
def test_swap_is_withdrawn_when_one_of_its_shifts_changes(
    session: Session, requester: Actor, colleague: Actor, which: str, changes: dict[str, Any]
) -> None:
    colleague_shift = assign_shift(session, colleague, at(days=3))
    own_shift = add_accepted_swap(session, requester, colleague, colleague_shift)
    change_shift(session, {"own": own_shift, "exchanged": colleague_shift}[which], **changes)
    assert swap_statuses(session, requester) == ["withdrawn"]


def test_swap_is_withdrawn_when_another_swap_of_its_shift_is_approved(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    third, colleague_shift = add_nurse(session), assign_shift(session, colleague, at(days=3))
    ask_for_swap(session, third, assign_shift(session, third, at(days=4)), colleague, colleague_shift)
    own_shift = add_accepted_swap(session, requester, colleague, colleague_shift)
    decide_swap(session, own_shift)
    assert (swap_statuses(session, third), swap_statuses(session, requester)) == (["withdrawn"], ["approved"])


def test_own_list_has_requested_and_received_swaps(session: Session, requester: Actor, colleague: Actor) -> None:
    third = add_nurse(session)
    first = ask_for_swap(session, requester, assign_shift(session, requester), colleague)
    second = ask_for_swap(session, colleague, assign_shift(session, colleague), third)
    page = swaps.own(session, colleague, ListMySwaps(limit=1, cursor=None))
    rest = swaps.own(session, colleague, ListMySwaps(limit=1, cursor=page.next))
    assert [row["id"] for row in (*page.items, *rest.items)] == [second["id"], first["id"]]
    assert swap_statuses(session, ADMIN) == []


def test_admin_list_has_swaps_that_wait_for_a_decision(session: Session, requester: Actor, colleague: Actor) -> None:
    ask_for_swap(session, requester, assign_shift(session, requester, at(days=5)), colleague)
    waiting = add_accepted_swap(session, requester, colleague)
    page = swaps.listing(session, ADMIN, ListSwaps(status="accepted", limit=20, cursor=None))
    assert [row["shift_id"] for row in page.items] == [waiting["id"]]


def test_accepted_swap_can_be_declined(session: Session, requester: Actor, colleague: Actor) -> None:
    swap = ask_for_swap(session, requester, assign_shift(session, requester), colleague)
    answer_swap(session, colleague, swap)
    assert answer_swap(session, colleague, swap, "decline") == "declined"


def test_declined_swap_is_not_approved(session: Session, requester: Actor, colleague: Actor) -> None:
    shift = assign_shift(session, requester)
    answer_swap(session, colleague, ask_for_swap(session, requester, shift, colleague), "decline")
    with pytest.raises(Conflict) as refusal:
        decide_swap(session, shift)
    assert refusal.value.code == "swap_not_accepted"


def test_decline_is_refused_when_an_admin_has_decided(session: Session, requester: Actor, colleague: Actor) -> None:
    swap = decide_swap(session, add_accepted_swap(session, requester, colleague))
    with pytest.raises(Conflict) as refusal:
        answer_swap(session, colleague, swap, "decline")
    assert (refusal.value.code, refusal.value.facts) == ("swap_answered", {"state": "approved"})
