"""Swaps of shifts: whoever has not done it is told, and nobody twice."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.swaps import SwapAnswered, SwapDecided
from services.notify.models.notifications import Notification
from services.notify.notifications import swaps
from tests.events import example_of
from tests.notify.factories import heard

E = TypeVar("E", SwapAnswered, SwapDecided)


def told(session: Session, event: E, work: Callable[[Session, Actor, E], None]) -> set[UUID]:
    """Who is told, when it is heard twice."""
    actor = heard(event.event_name(), subject=event.swap_id)
    for _time in range(2):
        work(session, actor, event)
    assert actor.origin is not None
    found = select(Notification.person_id).where(Notification.event_id == actor.origin.event_id)
    people = list(session.scalars(found))
    assert len(set(people)) == len(people)
    return set(people)


@pytest.mark.parametrize(
    ("status", "person"), [("accepted", "asked_by"), ("declined", "asked_by"), ("withdrawn", "asked_of")]
)
def test_an_answer_is_told_to_the_other_one(session: Session, status: str, person: str) -> None:
    event = example_of(SwapAnswered, status=status)
    assert told(session, event, swaps.answered) == {event.data[person]}


def test_a_refusal_is_told_to_both(session: Session) -> None:
    event = example_of(SwapDecided, status="refused")
    assert told(session, event, swaps.decided) == {event.asked_by, event.asked_of}


def test_an_approval_is_told_by_the_shifts_that_move_and_not_again(session: Session) -> None:
    assert told(session, example_of(SwapDecided, status="approved"), swaps.decided) == set()
