"""Tasks of the staff."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, Query, View, page_of
from chassis.errors import Conflict
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.ranges import OrderedQuery
from contracts.refusals import REASON_REQUIRED
from contracts.roles import STAFF, Role
from contracts.scheduling.refusals import NOT_IN_FUTURE, TOO_FAR_AHEAD
from contracts.scheduling.shifts.views import NAME as PERSON
from contracts.scheduling.shifts.views import NURSE
from contracts.several import Choices
from contracts.texts import VISIBLE, Reason
from records.fields import OMITTED, Facts, Omitted

TASK_CLOSED = Refusal(
    Conflict,
    "task_closed",
    "The task is {state}.",
    "A closed task cannot change. `state` is how it ended.",
)
TASK_NOT_ACCEPTED = Refusal(
    Conflict,
    "task_not_accepted",
    "The task is {state}.",
    "Only an accepted task can be started. `state` is the present state.",
)
TASK_NOT_IN_PROGRESS = Refusal(
    Conflict,
    "task_not_in_progress",
    "The task is {state}.",
    "Only a started task can be completed or fail. `state` is the present state.",
)
TASK_NOT_REQUESTED = Refusal(
    Conflict,
    "task_not_requested",
    "The task is {state}.",
    "Only a requested task can be accepted or rejected. `state` is the present state.",
)


ADMIN = frozenset({Role.ADMIN})


class TaskStatus(StrEnum):
    """The states of a task."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class TaskPart(StrEnum):
    """The parts of a task whose change is notified to the owner."""

    PRIORITY = "priority"
    DUE_AT = "due_at"


class TaskEnd(StrEnum):
    """The closed states of a task."""

    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class TaskPriority(StrEnum):
    """The priorities of a task (FHIR R4, request-priority)."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


NAME = (validate.Length(1, 200), VISIBLE)
TEXT = (validate.Length(1, 2000), VISIBLE)
THE_TASK = "The task."
TITLE = Facts(example="Count the blankets")
MORE = Facts(example="The store on the third floor, too.")
DUE = Facts(example="2026-11-23T17:00:00+00:00")
WHY = Facts(example="The store is locked.")


class TaskView(View):
    """A task of a member of staff. `status_reason` is why it was rejected, failed or cancelled."""

    id: UUID
    title: Annotated[str, TITLE]
    description: Annotated[str, MORE] | None
    owner_id: UUID
    owner_name: Annotated[str, PERSON] | None
    given_by: Annotated[UUID | None, "Null for a task that Matron gave, such as overdue observations."]
    given_by_name: Annotated[str, PERSON] | None
    patient_id: UUID | None
    patient_name: Annotated[str, Facts(example="Asha Rao")] | None
    priority: TaskPriority
    due_at: Annotated[datetime, DUE] | None
    status: TaskStatus
    status_reason: Annotated[str, WHY] | None
    created_at: datetime
    revision: int


class GiveTask(
    Command,
    service="scheduling",
    roles=ADMIN,
    returns=TaskView,
    refuses=(NOT_IN_FUTURE, TOO_FAR_AHEAD),
):
    """Assign a new task to a member of staff."""

    title: Annotated[str, NAME, TITLE]
    description: Annotated[str, TEXT, MORE] | None = None
    owner_id: UUID
    patient_id: UUID | None = None
    priority: TaskPriority = TaskPriority.ROUTINE
    due_at: Annotated[datetime, DUE] | None = None


class ChangeTask(
    Command,
    service="scheduling",
    roles=ADMIN,
    returns=TaskView,
    revised=True,
    refuses=(TASK_CLOSED, REASON_REQUIRED, NOT_IN_FUTURE, TOO_FAR_AHEAD),
):
    """Change the owner, due time or priority of a task, or cancel it with a reason. A new owner must accept it.

    The owner is notified of a new due time or priority. A former owner is notified of the new owner.
    """

    task_id: Annotated[UUID, THE_TASK]
    title: Annotated[str, NAME, TITLE] | Omitted = OMITTED
    description: Annotated[str, TEXT, MORE] | Omitted | None = OMITTED
    owner_id: UUID | Omitted = OMITTED
    priority: TaskPriority | Omitted = OMITTED
    due_at: Annotated[datetime, DUE] | Omitted | None = OMITTED
    status: Annotated[Literal["cancelled"], Facts(**{"x-alone": True})] | Omitted = OMITTED
    reason: Annotated[Reason, Facts({"x-alone": True, **WHY})] | Omitted = OMITTED

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if self.status is not OMITTED and self.given().keys() - {"task_id", "status", "reason"}:
            yield "status", "Cannot be combined with other changes."
        if self.reason is not OMITTED and self.status is OMITTED:
            yield "reason", "Allowed only with `status`."


class GetTask(Query, service="scheduling", roles=ADMIN | STAFF, returns=TaskView):
    """Get one task. Admins see any task, staff their own."""

    task_id: Annotated[UUID, THE_TASK]


class ListTasks(OrderedQuery, service="scheduling", roles=ADMIN, returns=page_of(TaskView)):
    """List all tasks, by default newest first, filtered by owner, patient and status."""

    owner_id: Annotated[UUID, "Only tasks of this person."] | None = None
    patient_id: Annotated[UUID, "Only tasks about this patient."] | None = None
    status: Annotated[list[TaskStatus], Choices] | None = None


class ListMyTasks(OrderedQuery, service="scheduling", roles=STAFF, returns=page_of(TaskView)):
    """List the caller's tasks, by default newest first."""

    owner_id: UUID
    status: Annotated[list[TaskStatus], Choices] | None = None


class AcceptTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_REQUESTED,)
):
    """Accept one of the caller's tasks."""

    task_id: Annotated[UUID, THE_TASK]


class StartTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_ACCEPTED,)
):
    """Start one of the caller's tasks."""

    task_id: Annotated[UUID, THE_TASK]


class CompleteTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_IN_PROGRESS,)
):
    """Complete one of the caller's tasks."""

    task_id: Annotated[UUID, THE_TASK]


class FailTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_IN_PROGRESS,)
):
    """Report that one of the caller's tasks could not be done, with the reason."""

    task_id: Annotated[UUID, THE_TASK]
    reason: Annotated[Reason, WHY]


class RejectTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_REQUESTED,)
):
    """Reject one of the caller's tasks, with the reason."""

    task_id: Annotated[UUID, THE_TASK]
    reason: Annotated[Reason, WHY]


class TaskEvent(Event):
    """The facts that every event about a task carries."""

    task_id: UUID
    owner_id: UUID
    revision: int
    example = {"task_id": "01919c5e-0000-7000-8000-0000000000c1", "owner_id": NURSE, "revision": 1}


class TaskAssigned(TaskEvent, service="scheduling", subject="task_id", heard_by=("notify.on_task_assigned",)):
    """A task has an owner. `former_owner_id` is the previous owner; null for a new task."""

    former_owner_id: UUID | None
    priority: str
    example = {**TaskEvent.example, "former_owner_id": None, "priority": "urgent"}


class TaskChanged(TaskEvent, service="scheduling", subject="task_id", heard_by=("notify.on_task_changed",)):
    """An open task has another priority or due time; `changed` names which."""

    priority: str
    due_at: datetime | None
    changed: list[TaskPart]
    example = {
        **TaskEvent.example,
        "priority": "stat",
        "due_at": "2026-11-23T17:00:00+00:00",
        "changed": ["priority", "due_at"],
        "revision": 3,
    }


class TaskClosed(TaskEvent, service="scheduling", subject="task_id", heard_by=("notify.on_task_closed",)):
    """A task was completed, failed, rejected or cancelled. `given_by` is null for a task that Matron gave."""

    given_by: UUID | None
    status: TaskEnd
    example = {
        **TaskEvent.example,
        "given_by": "01919c5e-0000-7000-8000-000000000004",
        "status": "completed",
        "revision": 4,
    }
