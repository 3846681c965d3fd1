"""Tasks of the staff: given by an admin, taken on, done or not."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Command, PageQuery, View, page_of
from contracts.roles import STAFF, Role
from contracts.scheduling.common import REASON

ADMIN = frozenset({Role.ADMIN})
STATES = ["requested", "accepted", "in_progress", "completed", "failed", "rejected", "cancelled"]
PRIORITIES = ["routine", "urgent", "asap", "stat"]
"""As FHIR R4 has them (request-priority)."""


class TaskView(View):
    """Something that one of the staff is to do. `status_reason` is why it was rejected, failed or cancelled."""

    id = fields.UUID()
    title = fields.String()
    description = fields.String(allow_none=True)
    owner_id = fields.UUID()
    patient_id = fields.UUID(allow_none=True)
    priority = fields.String(validate=validate.OneOf(PRIORITIES))
    due_at = fields.AwareDateTime(allow_none=True)
    status = fields.String(validate=validate.OneOf(STATES))
    status_reason = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()
    revision = fields.Integer()


class GiveTask(Command):
    """Give one of the staff a task.

    NotFound: `not_found` (nobody of the staff). Invalid: `not_in_future`, `too_far_ahead` (due in over a year).
    """

    service, roles, returns = "scheduling", ADMIN, TaskView
    title = fields.String(required=True, validate=validate.Length(1, 200))
    description = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 2000))
    owner_id = fields.UUID(required=True)
    patient_id = fields.UUID(load_default=None, allow_none=True)
    priority = fields.String(load_default="routine", validate=validate.OneOf(PRIORITIES))
    due_at = fields.AwareDateTime(load_default=None, allow_none=True)


class ChangeTask(Command):
    """Give a task another owner, who has to accept it, another due time or priority, or cancel it with a reason.

    NotFound: `not_found`. Conflict: `task_closed`. Invalid: `reason_required` (to cancel), `not_in_future`,
    `too_far_ahead` (due in over a year).
    """

    service, roles, returns, revised = "scheduling", ADMIN, TaskView, True
    task_id = fields.UUID(required=True)
    title = fields.String(validate=validate.Length(1, 200))
    description = fields.String(allow_none=True, validate=validate.Length(1, 2000))
    owner_id = fields.UUID()
    priority = fields.String(validate=validate.OneOf(PRIORITIES))
    due_at = fields.AwareDateTime(allow_none=True)
    status = fields.String(validate=validate.OneOf(["cancelled"]), metadata={"x-alone": True})
    reason = fields.String(validate=REASON, metadata={"x-alone": True})

    @validates_schema
    def _only_cancelled(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "status" in data and data.keys() - {"task_id", "status", "reason"}:
            raise ValidationError("A task that is cancelled keeps the rest.", "status")
        if "reason" in data and "status" not in data:
            raise ValidationError("Says why a task is cancelled.", "reason")


class ListTasks(PageQuery):
    """All tasks, newest first; by owner, patient and status."""

    service, roles, returns = "scheduling", ADMIN, page_of(TaskView)
    owner_id = fields.UUID(load_default=None)
    patient_id = fields.UUID(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(STATES))


class ListMyTasks(PageQuery):
    """One's own tasks, newest first."""

    service, roles, returns = "scheduling", STAFF, page_of(TaskView)
    owner_id = fields.UUID(required=True)
    status = fields.String(load_default=None, validate=validate.OneOf(STATES))


class AcceptTask(Command):
    """Take one's own task on.

    NotFound: `not_found`. Conflict: `task_not_requested`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True)


class StartTask(Command):
    """Begin one's own task.

    NotFound: `not_found`. Conflict: `task_not_accepted`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True)


class CompleteTask(Command):
    """One's own task is done.

    NotFound: `not_found`. Conflict: `task_not_in_progress`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True)


class FailTask(Command):
    """One's own task could not be done, with the reason.

    NotFound: `not_found`. Conflict: `task_not_in_progress`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=REASON)


class RejectTask(Command):
    """Not take one's own task on, with the reason.

    NotFound: `not_found`. Conflict: `task_not_requested`.
    """

    service, roles, returns, revised = "scheduling", STAFF, TaskView, True
    task_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=REASON)
