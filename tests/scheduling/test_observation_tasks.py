"""Overdue observations become tasks of nurses, until the vital signs are recorded."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.observations import ObservationsEnded, ObservationsOverdue
from contracts.clinical.patients import PatientVitalStatusChanged
from contracts.clinical.vitals import VitalsRecorded
from contracts.scheduling.tasks import TaskAssigned, TaskClosed, TaskView
from services.scheduling import handlers, observation_tasks
from services.scheduling.models.shifts import Shift
from services.scheduling.models.tasks import Task
from tests.events import example_of
from tests.scheduling.departures import suspend_staff
from tests.scheduling.factories import event_actor, published
from tests.scheduling.staff_factories import ADMIN, add_nurse, add_staff, change_task, give_task, move_task

HOUR = timedelta(hours=1)


def work(session: Session, person: Actor, starts: float, *, status: str = "assigned") -> None:
    """Store a shift of eight hours, which starts in so many hours."""
    starts_at = clock.now() + starts * HOUR
    times = {"starts_at": starts_at, "ends_at": starts_at + 8 * HOUR, "created_at": starts_at}
    session.add(Shift(id=uuid7(), person_id=person.person, ward="Ward 1", status=status, revision=1, **times))
    session.flush()


def overdue(session: Session, patient_id: UUID | None = None, **facts: Any) -> UUID:
    """Deliver the event of overdue observations; return the patient."""
    patient_id = patient_id or uuid7()
    given = {"measured_at": clock.now() - 2 * HOUR, "next_due_at": clock.now() - HOUR, **facts}
    event = example_of(ObservationsOverdue, patient_id=patient_id, **given)
    observation_tasks.on_observations_overdue(session, event_actor(session), event)
    session.flush()
    return patient_id


def recorded(session: Session, patient_id: UUID, **facts: Any) -> None:
    """Deliver the event of a reading that was made now."""
    event = example_of(VitalsRecorded, patient_id=patient_id, **{"measured_at": clock.now(), **facts})
    observation_tasks.on_vitals_recorded(session, event_actor(session), event)


def tasks(session: Session) -> Sequence[Task]:
    """Return all tasks, oldest first."""
    return session.scalars(select(Task).order_by(Task.id)).all()


def owners(session: Session) -> list[UUID]:
    """Return the owners of all tasks, oldest first."""
    return [task.owner_id for task in tasks(session)]


@pytest.mark.parametrize(
    ("level", "priority"),
    [("low", "routine"), ("red_parameter", "urgent"), ("urgent", "asap"), ("emergency", "stat")],
)
def test_nurse_on_shift_gets_the_task(session: Session, level: str, priority: str) -> None:
    nurse = add_nurse(session)
    work(session, nurse, -1)
    due_at = clock.now() - HOUR
    patient_id = overdue(session, level=level, next_due_at=due_at)
    (task,) = tasks(session)
    assert (task.owner_id, task.patient_id, task.priority, task.due_at) == (nurse.person, patient_id, priority, due_at)
    assert (task.title, task.given_by, task.status) == ("Record the patient's vital signs", None, "requested")
    (event,) = published(session, TaskAssigned)
    assert (event["task_id"], event["owner_id"], event["priority"]) == (task.id, nurse.person, priority)


def test_nurse_on_shift_comes_before_all_others(session: Session) -> None:
    for starts in (2, None, -9, -1):
        nurse = add_nurse(session)
        if starts is not None:
            work(session, nurse, starts)
    overdue(session)
    assert owners(session) == [nurse.person]


def test_next_shift_decides_when_none_is_running(session: Session) -> None:
    add_nurse(session)
    later, sooner, far = add_nurse(session), add_nurse(session), add_nurse(session)
    for nurse, starts in ((later, 5), (sooner, 3), (far, 30)):
        work(session, nurse, starts)
    overdue(session)
    assert owners(session) == [sooner.person]


def test_any_nurse_gets_the_task_without_shifts(session: Session) -> None:
    nurse = add_nurse(session)
    work(session, nurse, -1, status="cancelled")
    overdue(session)
    assert owners(session) == [nurse.person]


def test_tasks_are_spread_over_the_nurses_on_shift(session: Session) -> None:
    nurses = [add_nurse(session), add_nurse(session)]
    for nurse, starts in zip(nurses, (-3, -1), strict=True):
        work(session, nurse, starts)
    for _patient in range(4):
        overdue(session)
    assert sorted(owners(session)) == sorted([nurse.person for nurse in nurses] * 2)


def test_other_and_former_staff_get_no_task(session: Session) -> None:
    former = add_nurse(session)
    work(session, former, -1)
    suspend_staff(session, former)
    work(session, add_staff(session, "receptionist"), -1)
    overdue(session)
    assert tasks(session) == []


def test_later_reading_cancels_the_open_task(session: Session) -> None:
    nurse = add_nurse(session)
    patient_id = overdue(session)
    recorded(session, patient_id)
    (task,) = tasks(session)
    assert (task.status, task.status_reason) == ("cancelled", "The vital signs were recorded.")
    closed = {"task_id": task.id, "owner_id": nurse.person, "revision": 2, "given_by": None, "status": "cancelled"}
    assert published(session, TaskClosed) == [closed]


@pytest.mark.parametrize("facts", [{"level": None, "next_due_at": None}, {"measured_at": -3}], ids=str)
def test_other_reading_leaves_the_task_open(session: Session, facts: dict[str, Any]) -> None:
    add_nurse(session)
    patient_id = overdue(session)
    earlier = {"measured_at": clock.now() - 3 * HOUR} if "measured_at" in facts else facts
    recorded(session, patient_id, **earlier)
    assert [task.status for task in tasks(session)] == ["requested"]


def test_reading_cancels_no_task_of_others(session: Session) -> None:
    nurse = add_nurse(session)
    overdue(session)
    given = give_task(session, nurse)
    recorded(session, uuid7())
    assert {task.status for task in tasks(session)} == {"requested"}
    assert given["id"] in {task.id for task in tasks(session)}


def test_end_of_observations_cancels_the_task(session: Session) -> None:
    add_nurse(session)
    patient_id = overdue(session)
    event = example_of(ObservationsEnded, patient_id=patient_id, ended_at=clock.now())
    observation_tasks.on_observations_ended(session, event_actor(session), event)
    assert [task.status for task in tasks(session)] == ["cancelled"]


def test_death_cancels_the_task(session: Session) -> None:
    add_nurse(session)
    patient_id = overdue(session)
    event = example_of(PatientVitalStatusChanged, patient_id=patient_id, deceased_at=clock.now(), revision=2)
    handlers.on_patient_vital_status_changed(session, event_actor(session), event)
    assert [(task.status, task.status_reason) for task in tasks(session)] == [("cancelled", "The patient has died.")]


def test_owner_completes_the_task_and_admins_reassign_it(session: Session) -> None:
    nurse, colleague = add_nurse(session), add_nurse(session)
    overdue(session)
    (task,) = tasks(session)
    other = colleague if task.owner_id == nurse.person else nurse
    changed = change_task(session, TaskView.dump_one(_shown(task)), by=ADMIN, owner_id=other.person)
    done = move_task(session, other, changed, "accept", "start", "complete")
    assert (done["status"], done["given_by"], done["given_by_name"]) == ("completed", None, None)


def _shown(task: Task) -> dict[str, Any]:
    """Return a task as its view needs it."""
    names = {"owner_name": None, "given_by_name": None, "patient_name": None}
    return {**{column.key: getattr(task, column.key) for column in task.__mapper__.columns}, **names}
