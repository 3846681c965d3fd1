"""Decisions about swaps. An admin approves or refuses a swap that the colleague has accepted."""

import pytest

from chassis.errors import Conflict, Forbidden, Invalid, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.events import ShiftChanged
from services.scheduling.directory import staff
from tests.scheduling.factories import at, event_actor, make_user, published
from tests.scheduling.staff_factories import (
    add_accepted_swap,
    ask_for_swap,
    assign_shift,
    decide_swap,
    shift_ids_of,
    unknown_id,
)


def test_shift_moves_when_an_admin_approves_an_accepted_swap(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    shift = add_accepted_swap(session, requester, colleague)
    assert shift_ids_of(session, requester) == [shift["id"]]
    assert decide_swap(session, shift)["status"] == "approved"
    assert (shift_ids_of(session, requester), shift_ids_of(session, colleague)) == ([], [shift["id"]])


def test_approval_publishes_the_shift_to_both_people(session: Session, requester: Actor, colleague: Actor) -> None:
    decide_swap(session, add_accepted_swap(session, requester, colleague))
    events = [(event["person_id"], event["status"], event["revision"]) for event in published(session, ShiftChanged)]
    assert events == [(requester.person, "given_away", 2), (colleague.person, "assigned", 2)]


@pytest.mark.parametrize("hour", [9, 12, 20])
def test_exchange_swaps_two_shifts_even_when_they_overlap(
    session: Session, requester: Actor, colleague: Actor, hour: int
) -> None:
    colleague_shift = assign_shift(session, colleague, at(hour=hour))
    own_shift = add_accepted_swap(session, requester, colleague, colleague_shift)
    decide_swap(session, own_shift)
    assert (shift_ids_of(session, requester), shift_ids_of(session, colleague)) == (
        [colleague_shift["id"]],
        [own_shift["id"]],
    )
    events = {(event["person_id"], event["shift_id"], event["status"]) for event in published(session, ShiftChanged)}
    given_away = {
        (requester.person, own_shift["id"], "given_away"),
        (colleague.person, colleague_shift["id"], "given_away"),
    }
    assert events == given_away | {
        (colleague.person, own_shift["id"], "assigned"),
        (requester.person, colleague_shift["id"], "assigned"),
    }


def test_approval_is_refused_when_the_shift_overlaps_a_colleagues_shift(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    assign_shift(session, colleague, at(hour=12))
    with pytest.raises(Conflict) as refusal:
        decide_swap(session, add_accepted_swap(session, requester, colleague))
    assert refusal.value.code == "shift_overlaps"


def test_approval_is_refused_when_the_exchange_overlaps_a_requesters_shift(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    assign_shift(session, requester, at(days=3, hour=12))
    with pytest.raises(Conflict) as refusal:
        decide_swap(
            session, add_accepted_swap(session, requester, colleague, assign_shift(session, colleague, at(days=3)))
        )
    assert refusal.value.code == "shift_overlaps"


def test_approval_is_refused_when_the_colleague_would_exceed_sixty_hours(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    for day in range(3, 7):
        assign_shift(session, colleague, at(days=day), 13)
    with pytest.raises(Conflict) as refusal:
        decide_swap(session, add_accepted_swap(session, requester, colleague, hours=9))
    assert (refusal.value.code, refusal.value.facts) == ("too_many_hours", {"hours": 61.0})


def test_approval_is_refused_when_the_requester_would_exceed_sixty_hours(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    for day in range(3, 7):
        assign_shift(session, requester, at(days=day), 13)
    with pytest.raises(Conflict) as refusal:
        decide_swap(
            session, add_accepted_swap(session, requester, colleague, assign_shift(session, colleague, at(days=7), 10))
        )
    assert (refusal.value.code, refusal.value.facts) == ("too_many_hours", {"hours": 62.0})


def test_approval_is_refused_when_the_colleague_has_not_accepted(
    session: Session, requester: Actor, colleague: Actor
) -> None:
    shift = assign_shift(session, requester)
    ask_for_swap(session, requester, shift, colleague)
    with pytest.raises(Conflict) as refusal:
        decide_swap(session, shift)
    assert refusal.value.code == "swap_not_accepted"


def test_approval_is_refused_when_there_is_no_swap(session: Session, requester: Actor) -> None:
    with pytest.raises(Conflict) as refusal:
        decide_swap(session, assign_shift(session, requester))
    assert refusal.value.code == "swap_not_accepted"


def test_refusal_requires_a_reason_and_moves_nothing(session: Session, requester: Actor, colleague: Actor) -> None:
    shift = add_accepted_swap(session, requester, colleague)
    with pytest.raises(Invalid) as refusal:
        decide_swap(session, shift, decision="refuse", reason=" ")
    assert refusal.value.code == "reason_required"
    refused = decide_swap(session, shift, decision="refuse", reason="Ward 1 needs you.")
    assert (refused["status"], refused["reason"]) == ("refused", "Ward 1 needs you.")
    assert shift_ids_of(session, requester) == [shift["id"]]


def test_decision_is_refused_the_second_time(session: Session, requester: Actor, colleague: Actor) -> None:
    shift = add_accepted_swap(session, requester, colleague)
    decide_swap(session, shift)
    with pytest.raises(Conflict):
        decide_swap(session, shift, decision="refuse", reason="No.")


@pytest.mark.parametrize("which", ["asked_by", "asked_of"])
def test_decision_is_refused_when_the_admin_takes_part_in_the_swap(
    session: Session, requester: Actor, colleague: Actor, which: str
) -> None:
    person = {"asked_by": requester, "asked_of": colleague}[which]
    shift = add_accepted_swap(session, requester, colleague)
    with pytest.raises(Forbidden) as refusal:
        decide_swap(session, shift, by=make_user("nurse", "admin", person_id=person.person))
    assert refusal.value.code == "own_request"


@pytest.mark.parametrize("leaver", ["requester", "colleague"])
def test_approval_is_refused_when_a_participant_has_left(
    session: Session, requester: Actor, colleague: Actor, leaver: str
) -> None:
    shift = add_accepted_swap(session, requester, colleague, assign_shift(session, colleague, at(days=3)))
    staff.suspend(
        session, event_actor(session, 2), user_id={"requester": requester, "colleague": colleague}[leaver].person
    )
    with pytest.raises(NotFound):
        decide_swap(session, shift)


def test_decision_is_refused_when_the_shift_is_unknown(session: Session) -> None:
    with pytest.raises(NotFound):
        decide_swap(session, {"id": unknown_id()})
