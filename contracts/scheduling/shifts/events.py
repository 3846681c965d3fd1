"""Events about shifts."""

from datetime import datetime
from uuid import UUID

from chassis.event import Event
from contracts.scheduling.shifts.views import NURSE, ShiftOutcome, ShiftPart


class ShiftEvent(Event):
    """What every event about a shift says."""

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


class ShiftAssigned(ShiftEvent, service="scheduling", subject="shift_id", heard_by=("notify.on_shift_assigned",)):
    """Somebody of the staff is to work."""


class ShiftChanged(ShiftEvent, service="scheduling", subject="shift_id", heard_by=("notify.on_shift_changed",)):
    """A shift has another time or ward, is somebody else's, or is cancelled: who has it is told, and who had it.

    `person_id` is who is told. `changed` names what is not as it was.
    """

    status: ShiftOutcome
    changed: list[ShiftPart]
    example = {**ShiftEvent.example, "status": "assigned", "changed": ["ward"], "revision": 2}
