"""Tasks that end: whoever did not bring it about is told."""

import pytest
from sqlalchemy import select

from chassis.database import Session
from contracts.scheduling import TaskClosed
from services.notify import tasks
from services.notify.models import Notification
from tests.notify.factories import heard


@pytest.mark.parametrize(
    ("status", "person"),
    [("completed", "given_by"), ("failed", "given_by"), ("rejected", "given_by"), ("cancelled", "owner_id")],
)
def test_the_owner_is_told_of_a_cancelled_task_and_the_giver_of_the_others(
    session: Session, status: str, person: str
) -> None:
    data = {**TaskClosed.schema().load(TaskClosed.example), "status": status}
    actor = heard("task_closed", subject=data["task_id"])
    for _time in range(2):
        tasks.closed(session, actor, **data)
    assert actor.origin is not None
    told = session.scalars(select(Notification).where(Notification.event_id == actor.origin.event_id)).one()
    assert (told.person_id, told.subject_id, told.kind) == (data[person], data["task_id"], "task_closed")
