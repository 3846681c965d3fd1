"""Swaps of shifts: whoever has not done it is told, and nobody twice."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.database import Session
from chassis.event import Event
from contracts.scheduling import SwapAnswered, SwapDecided
from services.notify import swaps
from services.notify.models import Notification
from tests.notify.factories import heard


def told(session: Session, event: type[Event], work: Callable[..., None], **facts: Any) -> set[UUID]:
    """Who is told, when it is heard twice."""
    data = {**event.schema().load(event.example), **facts}
    actor = heard(event.event_name(), subject=data["swap_id"])
    for _time in range(2):
        work(session, actor, **data)
    assert actor.origin is not None
    found = select(Notification.person_id).where(Notification.event_id == actor.origin.event_id)
    people = list(session.scalars(found))
    assert len(set(people)) == len(people)
    return set(people)


@pytest.mark.parametrize(
    ("status", "person"), [("accepted", "asked_by"), ("declined", "asked_by"), ("withdrawn", "asked_of")]
)
def test_an_answer_is_told_to_the_other_one(session: Session, status: str, person: str) -> None:
    expected = {SwapAnswered.schema().load(SwapAnswered.example)[person]}
    assert told(session, SwapAnswered, swaps.answered, status=status) == expected


def test_a_refusal_is_told_to_both(session: Session) -> None:
    facts = SwapDecided.schema().load(SwapDecided.example)
    assert told(session, SwapDecided, swaps.decided, status="refused") == {facts["asked_by"], facts["asked_of"]}


def test_an_approval_is_told_by_the_shifts_that_move_and_not_again(session: Session) -> None:
    assert told(session, SwapDecided, swaps.decided, status="approved") == set()
