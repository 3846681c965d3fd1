"""Use cases of tasks of the staff."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import Window
from contracts.refusals import REASON_REQUIRED
from contracts.roles import Role
from contracts.scheduling.refusals import NO_SUCH_TASK
from contracts.scheduling.tasks import (
    AcceptTask,
    ChangeTask,
    CompleteTask,
    FailTask,
    GetTask,
    GiveTask,
    ListMyTasks,
    ListTasks,
    RejectTask,
    StartTask,
    TaskAssigned,
    TaskChanged,
    TaskClosed,
    TaskEnd,
    TaskPart,
    TaskView,
)
from services.scheduling.directory import patients, people, staff
from services.scheduling.listings import ListingWithLookUps, LookUp
from services.scheduling.models.directory import PATIENT
from services.scheduling.models.tasks import Task
from services.scheduling.shifts import commands as shifts

if TYPE_CHECKING:
    from sqlalchemy import Table

TOLD = ("due_at", "priority")
"""The parts whose change is notified to the owner."""

TASK = cast("Table", Task.__table__)
PEOPLE = ("owner_id", "given_by")
LOOK_UPS = [*(people.named(key) for key in PEOPLE), LookUp("patient_id", PATIENT, [patients.NAME])]
TASKS = ListingWithLookUps(TaskView, (TASK.c.created_at, TASK.c.id), LOOK_UPS)


def give(session: Session, actor: Actor, command: GiveTask) -> dict[str, Any]:
    """Assign a new task."""
    _check_due(command.due_at)
    staff.must_work_here(session, command.owner_id)
    if command.patient_id is not None:
        patients.must_exist(session, command.patient_id)
    task = Task(
        id=uuid7(),
        title=command.title,
        description=command.description,
        owner_id=command.owner_id,
        given_by=actor.person,
        patient_id=command.patient_id,
        priority=command.priority,
        due_at=command.due_at,
        status="requested",
        status_reason=None,
        revision=1,
        created_at=clock.now(),
    )
    add(session, task)
    return _shown(session, task)


def add(session: Session, task: Task) -> None:
    """Add a new task, and notify its owner."""
    session.add(task)
    _say_assigned(session, task, None)


def _shown(session: Session, task: Task) -> dict[str, Any]:
    """Return a task with the names of its people."""
    return {**people.with_names(session, task, *PEOPLE), "patient_name": patients.name_of(session, task.patient_id)}


def _check_due(due_at: datetime | None) -> None:
    if due_at is not None:
        shifts.check_ahead("due_at", due_at)


def _facts(task: Task) -> dict[str, Any]:
    return {"task_id": task.id, "owner_id": task.owner_id, "revision": task.revision}


def _say_assigned(session: Session, task: Task, former_owner_id: UUID | None) -> None:
    session.publish(TaskAssigned(**_facts(task), former_owner_id=former_owner_id, priority=task.priority))


def _say_changed(session: Session, task: Task, changed: Collection[str]) -> None:
    """Publish a change of due time or priority to the owner."""
    parts = sorted(part for part in TaskPart if part in changed)
    if parts:
        session.publish(TaskChanged(**_facts(task), priority=task.priority, due_at=task.due_at, changed=parts))


def _say_closed(session: Session, task: Task) -> None:
    session.publish(TaskClosed(**_facts(task), given_by=task.given_by, status=TaskEnd(task.status)))


def change(session: Session, _actor: Actor, command: ChangeTask) -> dict[str, Any]:
    """Cancel or change a task. A new owner has to accept it. Equal values change nothing."""
    task = _locked(session, command.task_id)
    session.call.expects(task.revision)
    changes = command.given()
    del changes["task_id"]
    if command.status:
        return _shown(session, _cancel(session, task, command.reason or None))
    task.must_be_open()
    differing = {name: value for name, value in changes.items() if getattr(task, name) != value}
    if not differing:
        return _shown(session, task)
    if "due_at" in differing:
        _check_due(command.due_at or None)
    if command.owner_id and "owner_id" in differing:
        staff.must_work_here(session, command.owner_id)
    former_owner_id = task.owner_id
    task.change(**differing)
    if "owner_id" in differing:
        _say_assigned(session, task, former_owner_id)
    else:
        _say_changed(session, task, differing)
    return _shown(session, task)


def _cancel(session: Session, task: Task, reason: str | None) -> Task:
    if reason is None or not reason.strip():
        errors = {"reason": ["Say why."]}
        raise REASON_REQUIRED("Say why the task is not to be done any more.", errors=errors)
    cancel(session, task, reason)
    return task


def cancel(session: Session, task: Task, reason: str) -> None:
    """Cancel an open task, and notify its owner."""
    task.cancel(reason)
    _say_closed(session, task)


def accept(session: Session, actor: Actor, command: AcceptTask) -> dict[str, Any]:
    """Accept one of the caller's tasks."""
    task = _own(session, actor, command.task_id)
    task.accept()
    return _shown(session, task)


def start(session: Session, actor: Actor, command: StartTask) -> dict[str, Any]:
    """Start one of the caller's tasks."""
    task = _own(session, actor, command.task_id)
    task.start()
    return _shown(session, task)


def complete(session: Session, actor: Actor, command: CompleteTask) -> dict[str, Any]:
    """Complete one of the caller's tasks."""
    task = _own(session, actor, command.task_id)
    task.complete()
    _say_closed(session, task)
    return _shown(session, task)


def fail(session: Session, actor: Actor, command: FailTask) -> dict[str, Any]:
    """Report that one of the caller's tasks could not be done."""
    task = _own(session, actor, command.task_id)
    task.fail(command.reason)
    _say_closed(session, task)
    return _shown(session, task)


def reject(session: Session, actor: Actor, command: RejectTask) -> dict[str, Any]:
    """Reject one of the caller's tasks."""
    task = _own(session, actor, command.task_id)
    task.reject(command.reason)
    _say_closed(session, task)
    return _shown(session, task)


def _locked(session: Session, task_id: UUID) -> Task:
    task = session.get(Task, task_id, with_for_update=True)
    if task is None:
        raise _not_found()
    return task


def _own(session: Session, actor: Actor, task_id: UUID) -> Task:
    """Return the caller's task, locked. Refuses with not_found or stale."""
    task = _locked(session, task_id)
    if task.owner_id != actor.person:
        raise _not_found()
    session.call.expects(task.revision)
    return task


def _not_found() -> NotFound:
    return NO_SUCH_TASK()


def get(session: Session, actor: Actor, query: GetTask) -> dict[str, Any]:
    """Get one task. Admins see any task, staff their own."""
    task = session.get(Task, query.task_id)
    if task is None or not (task.owner_id == actor.person or actor.has({Role.ADMIN})):
        raise _not_found()
    return _shown(session, task)


def listing(session: Session, _actor: Actor, query: ListTasks) -> Page:
    """List all tasks."""
    filters = {"owner_id": query.owner_id, "patient_id": query.patient_id, "status": query.status}
    return TASKS.page(session, Window(query.limit, query.cursor, query.order), **filters)


def own(session: Session, actor: Actor, query: ListMyTasks) -> Page:
    """List the caller's tasks."""
    actor.may_act_for(query.owner_id)
    window = Window(query.limit, query.cursor, query.order)
    return TASKS.page(session, window, owner_id=query.owner_id, status=query.status)
