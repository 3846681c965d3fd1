"""Notifications about tasks that change hands or end."""

import pytest
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.scheduling.tasks import TaskAssigned, TaskClosed
from tests.events import example_of
from tests.notify.factories import handle, heard, notified


@pytest.mark.parametrize(
    ("status", "person"),
    [("completed", "given_by"), ("failed", "given_by"), ("rejected", "given_by"), ("cancelled", "owner_id")],
)
def test_closed_task_notifies_owner_or_assigner_once(session: Session, status: str, person: str) -> None:
    event = example_of(TaskClosed, status=status)
    actor = heard(session, "task_closed", subject=event.task_id)
    for _time in range(2):
        handle(session, actor, event)
    (row,) = notified(session, actor)
    assert (row.person_id, row.subject_id, row.kind) == (event.data[person], event.task_id, "task_closed")


@pytest.mark.parametrize(("status", "count"), [("completed", 0), ("rejected", 0), ("cancelled", 1)])
def test_closed_task_of_matron_notifies_only_its_owner(session: Session, status: str, count: int) -> None:
    event = example_of(TaskClosed, status=status, given_by=None)
    actor = heard(session, "task_closed", subject=event.task_id)
    handle(session, actor, event)
    assert [row.person_id for row in notified(session, actor)] == [event.owner_id] * count


def test_task_handover_notifies_both_owners_in_different_words(session: Session) -> None:
    former = uuid7()
    event = example_of(TaskAssigned, former_owner_id=former)
    actor = heard(session, "task_assigned", subject=event.task_id)
    for _time in range(2):
        handle(session, actor, event)
    assert {row.person_id: row.message for row in notified(session, actor)} == {
        event.owner_id: "You have a new urgent task.",
        former: "A colleague has taken over one of your tasks.",
    }
