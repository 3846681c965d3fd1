"""Tasks of nurses: the overdue observations of patients, which clinical reports."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, case, func, null, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.observations import ObservationsEnded, ObservationsOverdue
from contracts.clinical.vitals import News2Level, VitalsRecorded
from contracts.scheduling.tasks import TaskPriority, TaskStatus
from services.scheduling import tasks
from services.scheduling.directory import staff
from services.scheduling.models.directory import StaffRole
from services.scheduling.models.shifts import Shift
from services.scheduling.models.tasks import OPEN_TASK, Task

TITLE = "Record the patient's vital signs"
RECORDED, ENDED = "The vital signs were recorded.", "The observations have ended."
DECEASED = "The patient has died."
PRIORITIES = {
    News2Level.LOW: TaskPriority.ROUTINE,
    News2Level.RED_PARAMETER: TaskPriority.URGENT,
    News2Level.URGENT: TaskPriority.ASAP,
    News2Level.EMERGENCY: TaskPriority.STAT,
}
"""The priority of the task, by the clinical risk of the last reading."""
NEXT_SHIFT_WITHIN = timedelta(hours=24)


def on_observations_overdue(session: Session, _actor: Actor, event: ObservationsOverdue) -> None:
    """Give the task to a nurse. Without any nurse there is no task: the patient stays on the list of clinical."""
    owner_id = _nurse(session)
    if owner_id is None:
        return
    task = Task(
        id=uuid7(),
        title=TITLE,
        description=None,
        owner_id=owner_id,
        given_by=None,
        patient_id=event.patient_id,
        priority=PRIORITIES[event.level],
        due_at=event.next_due_at,
        status=TaskStatus.REQUESTED,
        status_reason=None,
        revision=1,
        created_at=clock.now(),
        observed_at=event.measured_at,
    )
    tasks.add(session, task)


def on_vitals_recorded(session: Session, _actor: Actor, event: VitalsRecorded) -> None:
    """Cancel the open tasks that a later reading makes needless. A weight alone, without a level, does not."""
    if event.next_due_at is not None:
        _cancel(session, _open_of(session, event.patient_id, Task.observed_at < event.measured_at), RECORDED)


def on_observations_ended(session: Session, _actor: Actor, event: ObservationsEnded) -> None:
    """Cancel the open tasks of a patient whose observations have ended."""
    _cancel(session, _open_of(session, event.patient_id, Task.observed_at < event.ended_at), ENDED)


def cancel_of_deceased_patient(session: Session, patient_id: UUID) -> None:
    """Cancel the open tasks about the observations of a deceased patient."""
    _cancel(session, _open_of(session, patient_id, Task.observed_at.is_not(None)), DECEASED)


def _open_of(session: Session, patient_id: UUID, condition: ColumnElement[bool]) -> Iterable[Task]:
    query = select(Task).where(Task.patient_id == patient_id, Task.status.in_(OPEN_TASK), condition)
    return session.scalars(query.order_by(Task.id).with_for_update()).all()


def _cancel(session: Session, found: Iterable[Task], reason: str) -> None:
    for task in found:
        tasks.cancel(session, task, reason)


def _nurse(session: Session) -> UUID | None:
    """Return the nurse for a task: on shift, else with the next shift in 24 hours, else any nurse.

    Among several, the nurse with the fewest open tasks.
    """
    works = _starts(running=True).is_not(None)
    next_start = _starts(running=False)
    order = (
        case((works, 0), (next_start.is_not(None), 1), else_=2),
        case((works, null()), else_=next_start),
        _open_tasks(),
        StaffRole.person_id,
    )
    return session.scalar(select(StaffRole.person_id).where(staff.is_nurse()).order_by(*order).limit(1))


def _starts(*, running: bool) -> ScalarSelect[datetime]:
    """Return the subquery of the start of a nurse's running shift, or of the next one within 24 hours."""
    now = clock.now()
    when = (
        (Shift.starts_at <= now) & (Shift.ends_at > now)
        if running
        else (Shift.starts_at > now) & (Shift.starts_at <= now + NEXT_SHIFT_WITHIN)
    )
    own = select(func.min(Shift.starts_at)).where(Shift.person_id == StaffRole.person_id, Shift.status == "assigned")
    return own.where(when).correlate(StaffRole).scalar_subquery()


def _open_tasks() -> ScalarSelect[int]:
    own = select(func.count()).where(Task.owner_id == StaffRole.person_id, Task.status.in_(OPEN_TASK))
    return own.correlate(StaffRole).scalar_subquery()
