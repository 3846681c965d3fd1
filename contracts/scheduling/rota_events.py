"""What scheduling says of the staff's shifts, swaps and tasks."""

from marshmallow import fields, validate

from chassis.event import Event

NURSE = "01919c5e-0000-7000-8000-000000000003"


class ShiftEvent(Event):
    """What every event about a shift says."""

    shift_id = fields.UUID()
    person_id = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    revision = fields.Integer()
    example = {
        "shift_id": "01919c5e-0000-7000-8000-0000000000b1",
        "person_id": NURSE,
        "starts_at": "2026-11-23T06:00:00+00:00",
        "ends_at": "2026-11-23T14:00:00+00:00",
        "revision": 1,
    }


class ShiftAssigned(ShiftEvent):
    """Somebody of the staff is to work."""

    service, subject = "scheduling", "shift_id"
    heard_by = ("notify.on_shift_assigned",)


class ShiftChanged(ShiftEvent):
    """A shift has another time or ward, is somebody else's, or is cancelled: who has it is told, and who had it.

    `person_id` is who is told. `changed` names what is not as it was.
    """

    service, subject = "scheduling", "shift_id"
    heard_by = ("notify.on_shift_changed",)
    status = fields.String(validate=validate.OneOf(["assigned", "cancelled", "given_away"]))
    changed = fields.List(fields.String(validate=validate.OneOf(["person_id", "ward", "starts_at", "ends_at"])))
    example = {**ShiftEvent.example, "status": "assigned", "changed": ["ward"], "revision": 2}


class SwapEvent(Event):
    """What every event about a swap says. `starts_at` and `ends_at` are those of the shift that is given away."""

    swap_id = fields.UUID()
    shift_id = fields.UUID()
    in_exchange_id = fields.UUID(allow_none=True)
    asked_by = fields.UUID()
    asked_of = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    revision = fields.Integer()
    example = {
        "swap_id": "01919c5e-0000-7000-8000-0000000000d1",
        "shift_id": "01919c5e-0000-7000-8000-0000000000b1",
        "in_exchange_id": None,
        "asked_by": NURSE,
        "asked_of": "01919c5e-0000-7000-8000-000000000005",
        "starts_at": "2026-11-23T06:00:00+00:00",
        "ends_at": "2026-11-23T14:00:00+00:00",
        "revision": 1,
    }


class SwapAsked(SwapEvent):
    """One of the staff asks another one to take a shift."""

    service, subject = "scheduling", "swap_id"
    heard_by = ("notify.on_swap_asked",)


class SwapAnswered(SwapEvent):
    """The one who is asked has accepted or declined, or who asked has withdrawn."""

    service, subject = "scheduling", "swap_id"
    heard_by = ("notify.on_swap_answered",)
    status = fields.String(validate=validate.OneOf(["accepted", "declined", "withdrawn"]))
    example = {**SwapEvent.example, "status": "accepted", "revision": 2}


class SwapDecided(SwapEvent):
    """An admin has approved a swap, so that the shifts have moved (`shift_changed` says so to both), or refused it."""

    service, subject = "scheduling", "swap_id"
    heard_by = ("notify.on_swap_decided",)
    status = fields.String(validate=validate.OneOf(["approved", "refused"]))
    example = {**SwapEvent.example, "status": "refused", "revision": 3}


class SwapEnded(SwapEvent):
    """A swap came to nothing of itself: a shift of it has changed (`withdrawn`) or begun (`expired`)."""

    service, subject = "scheduling", "swap_id"
    heard_by = ("notify.on_swap_ended",)
    status = fields.String(validate=validate.OneOf(["withdrawn", "expired"]))
    example = {**SwapEvent.example, "status": "expired", "revision": 3}


class TaskEvent(Event):
    """What every event about a task says."""

    task_id = fields.UUID()
    owner_id = fields.UUID()
    revision = fields.Integer()
    example = {"task_id": "01919c5e-0000-7000-8000-0000000000c1", "owner_id": NURSE, "revision": 1}


class TaskAssigned(TaskEvent):
    """Somebody of the staff has a task. `former_owner_id` is who had it before; null of a new one."""

    service, subject = "scheduling", "task_id"
    heard_by = ("notify.on_task_assigned",)
    former_owner_id = fields.UUID(allow_none=True)
    priority = fields.String()
    example = {**TaskEvent.example, "former_owner_id": None, "priority": "urgent"}


class TaskChanged(TaskEvent):
    """An open task of the same owner has another priority or due time; `changed` names which."""

    service, subject = "scheduling", "task_id"
    heard_by = ("notify.on_task_changed",)
    priority = fields.String()
    due_at = fields.AwareDateTime(allow_none=True)
    changed = fields.List(fields.String(validate=validate.OneOf(["priority", "due_at"])))
    example = {
        **TaskEvent.example,
        "priority": "stat",
        "due_at": "2026-11-23T17:00:00+00:00",
        "changed": ["priority", "due_at"],
        "revision": 3,
    }


class TaskClosed(TaskEvent):
    """A task is done, has failed, or is not to be done."""

    service, subject = "scheduling", "task_id"
    heard_by = ("notify.on_task_closed",)
    given_by = fields.UUID()
    status = fields.String(validate=validate.OneOf(["completed", "failed", "rejected", "cancelled"]))
    example = {
        **TaskEvent.example,
        "given_by": "01919c5e-0000-7000-8000-000000000004",
        "status": "completed",
        "revision": 4,
    }
