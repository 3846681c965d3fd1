"""Tasks of the staff: given by an admin, taken on by their owners, done or not."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.database import Session
from chassis.errors import Invalid, NotFound
from chassis.identity import Actor
from contracts.roles import Role
from contracts.scheduling import TaskAssigned, TaskChanged, TaskClosed, TaskView
from services.scheduling import patients, shifts, staff
from services.scheduling.listings import Timed
from services.scheduling.rota_models import Task

if TYPE_CHECKING:
    from sqlalchemy import Table

TOLD = ("due_at", "priority")
"""What its owner is told of when it changes."""

TASK = cast("Table", Task.__table__)
TASKS = Timed([TASK.c[name] for name in TaskView.schema().fields], (TASK.c.created_at, TASK.c.id))


def give(
    session: Session,
    actor: Actor,
    *,
    title: str,
    description: str | None,
    owner_id: UUID,
    patient_id: UUID | None,
    priority: str,
    due_at: datetime | None,
) -> Task:
    """Give one of the staff a task. The contract lets only admins.

    NotFound: nobody of the staff, or no such patient. Invalid: `not_in_future`, `too_far_ahead`.
    """
    _check_due(due_at)
    staff.must_work_here(session, owner_id)
    if patient_id is not None:
        patients.must_exist(session, patient_id)
    task = Task(
        id=uuid7(),
        title=title,
        description=description,
        owner_id=owner_id,
        given_by=actor.person,
        patient_id=patient_id,
        priority=priority,
        due_at=due_at,
        status="requested",
        status_reason=None,
        revision=1,
        created_at=clock.now(),
    )
    session.insert(task)
    _say_assigned(session, task, None)
    return task


def _check_due(due_at: datetime | None) -> None:
    if due_at is not None:
        shifts.check_ahead("due_at", due_at)


def _facts(task: Task) -> dict[str, Any]:
    return {"task_id": task.id, "owner_id": task.owner_id, "revision": task.revision}


def _say_assigned(session: Session, task: Task, former_owner_id: UUID | None) -> None:
    session.publish(TaskAssigned(**_facts(task), former_owner_id=former_owner_id, priority=task.priority))


def _say_changed(session: Session, task: Task, changed: Collection[str]) -> None:
    """Tell its owner what makes a difference to when it is done."""
    told = [name for name in TOLD if name in changed]
    if told:
        session.publish(TaskChanged(**_facts(task), priority=task.priority, due_at=task.due_at, changed=told))


def _say_closed(session: Session, task: Task) -> None:
    session.publish(TaskClosed(**_facts(task), given_by=task.given_by, status=task.status))


def change(
    session: Session,
    actor: Actor,
    *,
    task_id: UUID,
    status: str | None = None,
    reason: str | None = None,
    **changes: Any,
) -> Task:
    """Cancel a task, or correct it; another owner has to accept it. What changes nothing is no change.

    NotFound: `not_found`. Stale: `stale`. Conflict: `task_closed`. Invalid: `reason_required`, `not_in_future`,
    `too_far_ahead`.
    """
    task = _locked(session, task_id)
    actor.expects(task.revision)
    if status is not None:
        return _cancel(session, task, reason)
    task.must_be_open()
    differing = {name: value for name, value in changes.items() if getattr(task, name) != value}
    if not differing:
        return task
    _check_due(differing.get("due_at"))
    if "owner_id" in differing:
        staff.must_work_here(session, differing["owner_id"])
    former_owner_id = task.owner_id
    task.change(**differing)
    if "owner_id" in differing:
        _say_assigned(session, task, former_owner_id)
    else:
        _say_changed(session, task, differing)
    return task


def _cancel(session: Session, task: Task, reason: str | None) -> Task:
    if reason is None or not reason.strip():
        errors = {"reason": ["Say why."]}
        raise Invalid("reason_required", "Say why the task is not to be done any more.", {"errors": errors})
    task.cancel(reason)
    _say_closed(session, task)
    return task


def accept(session: Session, actor: Actor, *, task_id: UUID) -> Task:
    """Take one's own task on. NotFound: somebody else's. Stale: `stale`. Conflict: `task_not_requested`."""
    task = _own(session, actor, task_id)
    task.accept()
    return task


def start(session: Session, actor: Actor, *, task_id: UUID) -> Task:
    """Begin one's own task. NotFound: somebody else's. Stale: `stale`. Conflict: `task_not_accepted`."""
    task = _own(session, actor, task_id)
    task.start()
    return task


def complete(session: Session, actor: Actor, *, task_id: UUID) -> Task:
    """One's own task is done. NotFound: somebody else's. Stale: `stale`. Conflict: `task_not_in_progress`."""
    task = _own(session, actor, task_id)
    task.complete()
    _say_closed(session, task)
    return task


def fail(session: Session, actor: Actor, *, task_id: UUID, reason: str) -> Task:
    """One's own task could not be done. NotFound: somebody else's. Stale: `stale`. Conflict: `task_not_in_progress`."""
    task = _own(session, actor, task_id)
    task.fail(reason)
    _say_closed(session, task)
    return task


def reject(session: Session, actor: Actor, *, task_id: UUID, reason: str) -> Task:
    """Not take one's own task on. NotFound: somebody else's. Stale: `stale`. Conflict: `task_not_requested`."""
    task = _own(session, actor, task_id)
    task.reject(reason)
    _say_closed(session, task)
    return task


def _locked(session: Session, task_id: UUID) -> Task:
    task = session.get(Task, task_id, with_for_update=True)
    if task is None:
        raise _not_found()
    return task


def _own(session: Session, actor: Actor, task_id: UUID) -> Task:
    """One's own task, locked, as one has seen it."""
    task = _locked(session, task_id)
    if task.owner_id != actor.person:
        raise _not_found()
    actor.expects(task.revision)
    return task


def _not_found() -> NotFound:
    return NotFound("not_found", "There is no such task.")


def get(session: Session, actor: Actor, *, task_id: UUID) -> Task:
    """One task: any for admins, one's own for the others. NotFound: `not_found`."""
    task = session.get(Task, task_id)
    if task is None or not (task.owner_id == actor.person or actor.has({Role.ADMIN})):
        raise _not_found()
    return task


def listing(
    session: Session,
    _actor: Actor,
    *,
    owner_id: UUID | None,
    patient_id: UUID | None,
    status: Sequence[str] | None,
    order: str,
    limit: int,
    cursor: str | None,
) -> Page:
    """All tasks, from either end. The contract lets only admins ask. Invalid: `bad_cursor`."""
    about = {"owner_id": owner_id, "patient_id": patient_id}
    return TASKS.page(session, limit=limit, cursor=cursor, order=order, status=status, **about)


def own(
    session: Session,
    actor: Actor,
    *,
    owner_id: UUID,
    status: Sequence[str] | None,
    order: str,
    limit: int,
    cursor: str | None,
) -> Page:
    """One's own tasks, from either end. NotFound: somebody else's. Invalid: `bad_cursor`."""
    actor.may_act_for(owner_id)
    return TASKS.page(session, limit=limit, cursor=cursor, order=order, owner_id=owner_id, status=status)
