"""Notifications about swaps of shifts."""

from uuid import UUID

import pytest

from chassis.persistence.database import Session
from contracts.scheduling.shifts.swaps import SwapAnswered, SwapDecided, SwapEvent
from tests.events import example_of
from tests.notify.factories import handle, heard, notified


def recipients(session: Session, event: SwapEvent) -> list[UUID]:
    """Handle an event twice; return the notified people."""
    actor = heard(session, event.event_name(), subject=event.swap_id)
    for _time in range(2):
        handle(session, actor, event)
    return [row.person_id for row in notified(session, actor)]


@pytest.mark.parametrize(
    ("status", "person"), [("accepted", "asked_by"), ("declined", "asked_by"), ("withdrawn", "asked_of")]
)
def test_swap_answer_notifies_the_other_person_once(session: Session, status: str, person: str) -> None:
    event = example_of(SwapAnswered, status=status)
    assert recipients(session, event) == [event.data[person]]


def test_swap_refusal_notifies_both_people_once(session: Session) -> None:
    event = example_of(SwapDecided, status="refused")
    assert sorted(recipients(session, event)) == sorted([event.asked_by, event.asked_of])


def test_swap_approval_notifies_no_person(session: Session) -> None:
    assert recipients(session, example_of(SwapDecided, status="approved")) == []
