"""Tasks of the staff: given by an admin, taken on, done or not."""

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
from contracts.scheduling.shifts.views import NURSE
from contracts.several import Choices
from contracts.texts import VISIBLE, Reason
from records.fields import OMITTED, Facts, Omitted

TASK_CLOSED = Refusal(
    Conflict,
    "task_closed",
    "The task is {state}.",
    "Nothing is left to do, so nothing changes; `state` says how the task ended.",
)
TASK_NOT_ACCEPTED = Refusal(
    Conflict,
    "task_not_accepted",
    "The task is {state}.",
    "Only a task that was accepted can be started; `state` says what it is.",
)
TASK_NOT_IN_PROGRESS = Refusal(
    Conflict,
    "task_not_in_progress",
    "The task is {state}.",
    "Only a task that was started can be completed or fail; `state` says what it is.",
)
TASK_NOT_REQUESTED = Refusal(
    Conflict,
    "task_not_requested",
    "The task is {state}.",
    "Only a task that waits for its owner's answer can be accepted or rejected; `state` says what it is.",
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
    """The parts of a task of whose change its owner is notified."""

    PRIORITY = "priority"
    DUE_AT = "due_at"


class TaskEnd(StrEnum):
    """The states in which a task is closed."""

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


"""As FHIR R4 has them (request-priority)."""
NAME = (validate.Length(1, 200), VISIBLE)
TEXT = (validate.Length(1, 2000), VISIBLE)
THE_TASK = "The task."
TITLE = Facts(example="Count the blankets")
MORE = Facts(example="The store on the third floor, too.")
DUE = Facts(example="2026-11-23T17:00:00+00:00")
WHY = Facts(example="The store is locked.")


class TaskView(View):
    """Something that one of the staff is to do. `status_reason` is why it was rejected, failed or cancelled."""

    id: UUID
    title: Annotated[str, TITLE]
    description: Annotated[str, MORE] | None
    owner_id: UUID
    given_by: UUID
    patient_id: UUID | None
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
    """Give one of the staff a task."""

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
    """Give a task another owner, who has to accept it, another due time or priority, or cancel it with a reason.

    The owner is told of another due time or priority, and the former owner that it is somebody else's.
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
            yield "status", "A task that is cancelled keeps the rest."
        if self.reason is not OMITTED and self.status is OMITTED:
            yield "reason", "Says why a task is cancelled."


class GetTask(Query, service="scheduling", roles=ADMIN | STAFF, returns=TaskView):
    """One task: any for admins, one's own for staff."""

    task_id: Annotated[UUID, THE_TASK]


class ListTasks(OrderedQuery, service="scheduling", roles=ADMIN, returns=page_of(TaskView)):
    """All tasks, newest first when not told otherwise; by owner, patient and status."""

    owner_id: Annotated[UUID, "Only tasks of this person."] | None = None
    patient_id: Annotated[UUID, "Only tasks about this patient."] | None = None
    status: Annotated[list[TaskStatus], Choices] | None = None


class ListMyTasks(OrderedQuery, service="scheduling", roles=STAFF, returns=page_of(TaskView)):
    """One's own tasks, newest first when not told otherwise."""

    owner_id: UUID
    status: Annotated[list[TaskStatus], Choices] | None = None


class AcceptTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_REQUESTED,)
):
    """Take one's own task on."""

    task_id: Annotated[UUID, THE_TASK]


class StartTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_ACCEPTED,)
):
    """Begin one's own task."""

    task_id: Annotated[UUID, THE_TASK]


class CompleteTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_IN_PROGRESS,)
):
    """One's own task is done."""

    task_id: Annotated[UUID, THE_TASK]


class FailTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_IN_PROGRESS,)
):
    """One's own task could not be done, with the reason."""

    task_id: Annotated[UUID, THE_TASK]
    reason: Annotated[Reason, WHY]


class RejectTask(
    Command, service="scheduling", roles=STAFF, returns=TaskView, revised=True, refuses=(TASK_NOT_REQUESTED,)
):
    """Not take one's own task on, with the reason."""

    task_id: Annotated[UUID, THE_TASK]
    reason: Annotated[Reason, WHY]


class TaskEvent(Event):
    """What every event about a task says."""

    task_id: UUID
    owner_id: UUID
    revision: int
    example = {"task_id": "01919c5e-0000-7000-8000-0000000000c1", "owner_id": NURSE, "revision": 1}


class TaskAssigned(TaskEvent, service="scheduling", subject="task_id", heard_by=("notify.on_task_assigned",)):
    """Somebody of the staff has a task. `former_owner_id` is who had it before; null of a new one."""

    former_owner_id: UUID | None
    priority: str
    example = {**TaskEvent.example, "former_owner_id": None, "priority": "urgent"}


class TaskChanged(TaskEvent, service="scheduling", subject="task_id", heard_by=("notify.on_task_changed",)):
    """An open task of the same owner has another priority or due time; `changed` names which."""

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
    """A task is done, has failed, or is not to be done."""

    given_by: UUID
    status: TaskEnd
    example = {
        **TaskEvent.example,
        "given_by": "01919c5e-0000-7000-8000-000000000004",
        "status": "completed",
        "revision": 4,
    }
