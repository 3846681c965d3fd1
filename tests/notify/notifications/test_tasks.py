"""Tasks that change hands or end: whoever did not bring it about is told."""

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.scheduling.tasks import TaskAssigned, TaskClosed
from services.notify.models.notifications import Notification
from services.notify.notifications import tasks
from tests.events import example_of
from tests.notify.factories import heard


@pytest.mark.parametrize(
    ("status", "person"),
    [("completed", "given_by"), ("failed", "given_by"), ("rejected", "given_by"), ("cancelled", "owner_id")],
)
def test_the_owner_is_told_of_a_cancelled_task_and_the_giver_of_the_others(
    session: Session, status: str, person: str
) -> None:
    event = example_of(TaskClosed, status=status)
    actor = heard("task_closed", subject=event.task_id)
    for _time in range(2):
        tasks.closed(session, actor, event)
    assert actor.origin is not None
    told = session.scalars(select(Notification).where(Notification.event_id == actor.origin.event_id)).one()
    assert (told.person_id, told.subject_id, told.kind) == (event.data[person], event.task_id, "task_closed")


def test_a_task_that_changes_hands_is_told_to_both_each_in_words_of_their_own(session: Session) -> None:
    former = uuid7()
    event = example_of(TaskAssigned, former_owner_id=former)
    actor = heard("task_assigned", subject=event.task_id)
    for _time in range(2):
        tasks.assigned(session, actor, event)
    assert actor.origin is not None
    found = select(Notification).where(Notification.event_id == actor.origin.event_id)
    told = {one.person_id: one.message for one in session.scalars(found)}
    assert told == {
        event.owner_id: "You have a new urgent task.",
        former: "A colleague has taken over one of your tasks.",
    }
