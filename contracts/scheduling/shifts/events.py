"""Events about shifts."""

from datetime import datetime
from uuid import UUID

from chassis.event import Event
from contracts.scheduling.shifts.views import NURSE, ShiftOutcome, ShiftPart


class ShiftEvent(Event):
    """The facts that every event about a shift carries."""

    shift_id: UUID
    person_id: UUID
    starts_at: datetime
    ends_at: datetime
    revision: int
    example = {
        "shift_id": "01919c5e-0000-7000-8000-0000000000b1",
        "person_id": NURSE,
        "starts_at": "2026-11-23T06:00:00+00:00",
        "ends_at": "2026-11-23T14:00:00+00:00",
        "revision": 1,
    }


class ShiftAssigned(
    ShiftEvent,
    service="scheduling",
    subject="shift_id",
    heard_by=("notify.on_shift_assigned", "clinical.on_shift_assigned"),
):
    """A shift was assigned to a member of staff."""


class ShiftChanged(
    ShiftEvent,
    service="scheduling",
    subject="shift_id",
    heard_by=("notify.on_shift_changed", "clinical.on_shift_changed"),
):
    """A shift has another time, ward or person, or was cancelled. The present and the former person get one event each.

    `person_id` is the person to notify. `changed` names the parts that differ.
    """

    status: ShiftOutcome
    changed: list[ShiftPart]
    example = {**ShiftEvent.example, "status": "assigned", "changed": ["ward"], "revision": 2}
