"""Tasks of the staff: given by an admin, taken on, done or not."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Command, Query, View, page_of
from contracts.moments import Moment
from contracts.roles import STAFF, Role
from contracts.scheduling.common import REASON, Choices, OrderedQuery
from contracts.texts import VISIBLE

ADMIN = frozenset({Role.ADMIN})
STATES = ["requested", "accepted", "in_progress", "completed", "failed", "rejected", "cancelled"]
PRIORITIES = ["routine", "urgent", "asap", "stat"]
"""As FHIR R4 has them (request-priority)."""
NAME = (validate.Length(1, 200), VISIBLE)
TEXT = (validate.Length(1, 2000), VISIBLE)
THE_TASK: dict[str, str] = {"description": "The task."}
TITLE: dict[str, str] = {"example": "Count the blankets"}
MORE: dict[str, str] = {"example": "The store on the third floor, too."}
DUE: dict[str, str] = {"example": "2026-11-23T17:00:00+00:00"}
WHY: dict[str, str] = {"example": "The store is locked."}


class TaskView(View):
    """Something that one of the staff is to do. `status_reason` is why it was rejected, failed or cancelled."""

    id = fields.UUID()
    title = fields.String(metadata=TITLE)
    description = fields.String(allow_none=True, metadata=MORE)
    owner_id = fields.UUID()
    given_by = fields.UUID()
    patient_id = fields.UUID(allow_none=True)
    priority = fields.String(validate=validate.OneOf(PRIORITIES))
    due_at = fields.AwareDateTime(allow_none=True, metadata=DUE)
    status = fields.String(validate=validate.OneOf(STATES))
    status_reason = fields.String(allow_none=True, metadata=WHY)
    created_at = fields.AwareDateTime()
    revision = fields.Integer()


class GiveTask(Command):
    """Give one of the staff a task.

    NotFound: `not_found` (nobody of the staff, or no such patient). Invalid: `not_in_future`, `too_far_ahead` (due in
    over a year).
    """

    service, roles, returns = "scheduling", ADMIN, TaskView
    title = fields.String(required=True, validate=NAME, metadata=TITLE)
    description = fields.String(load_default=None, allow_none=True, validate=TEXT, metadata=MORE)
    owner_id = fields.UUID(required=True)
    patient_id = fields.UUID(load_default=None, allow_none=True)
    priority = fields.String(load_default="routine", validate=validate.OneOf(PRIORITIES))
    due_at = Moment(load_default=None, allow_none=True, metadata=DUE)


class ChangeTask(Command):
    """Give a task another owner, who has to accept it, another due time or priority, or cancel it with a reason.

    The owner is told of another due time or priority, and the former owner that it is somebody else's.

    NotFound: `not_found`. Conflict: `task_closed`. Invalid: `reason_required` (to cancel), `not_in_future`,
    `too_far_ahead` (due in over a year).
    """

    service, roles, returns, revised = "scheduling", ADMIN, TaskView, True
    task_id = fields.UUID(required=True, metadata=THE_TASK)
    title = fields.String(validate=NAME, metadata=TITLE)
    description = fields.String(allow_none=True, validate=TEXT, metadata=MORE)
    owner_id = fields.UUID()
    priority = fields.String(validate=validate.OneOf(PRIORITIES))
    due_at = Moment(allow_none=True, metadata=DUE)
    status = fields.String(validate=validate.OneOf(["cancelled"]), metadata={"x-alone": True})
    reason = fields.String(validate=REASON, metadata={"x-alone": True, **WHY})

    @validates_schema
    def _only_cancelled(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "status" in data and data.keys() - {"task_id", "status", "reason"}:
            raise ValidationError("A task that is cancelled keeps the rest.", "status")
        if "reason" in data and "status" not in data:
            raise ValidationError("Says why a task is cancelled.", "reason")


class GetTask(Query):
    """One task: any for admins, one's own for staff. NotFound: `not_found`."""

    service, roles, returns = "scheduling", ADMIN | STAFF, TaskView
    task_id = fields.UUID(required=True, metadata=THE_TASK)


class ListTasks(OrderedQuery):
    """All tasks, newest first when not told otherwise; by owner, patient and status."""

    service, roles, returns = "scheduling", ADMIN, page_of(TaskView)
    owner_id = fields.UUID(load_default=None, metadata={"description": "Only tasks of this person."})
    patient_id = fields.UUID(load_default=None, metadata={"description": "Only tasks about this patient."})
    status = Choices(STATES, load_default=None)


class ListMyTasks(OrderedQuery):
    """One's own tasks, newest first when not told otherwise."""

    service, roles, returns = "scheduling", STAFF, page_of(TaskView)
    owner_id = fields.UUID(required=True)
    status = Choices(STATES, load_default=None)


class AcceptTask(Command):
    """Take one's own task on.

    NotFound: `not_found`. Conflict: `task_not_requested`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True, metadata=THE_TASK)


class StartTask(Command):
    """Begin one's own task.

    NotFound: `not_found`. Conflict: `task_not_accepted`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True, metadata=THE_TASK)


class CompleteTask(Command):
    """One's own task is done.

    NotFound: `not_found`. Conflict: `task_not_in_progress`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True, metadata=THE_TASK)


class FailTask(Command):
    """One's own task could not be done, with the reason.

    NotFound: `not_found`. Conflict: `task_not_in_progress`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True, metadata=THE_TASK)
    reason = fields.String(required=True, validate=REASON, metadata=WHY)


class RejectTask(Command):
    """Not take one's own task on, with the reason.

    NotFound: `not_found`. Conflict: `task_not_requested`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True, metadata=THE_TASK)
    reason = fields.String(required=True, validate=REASON, metadata=WHY)
