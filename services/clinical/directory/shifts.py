"""Shifts of the staff: copies of what scheduling owns."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.scheduling.shifts.events import ShiftAssigned, ShiftChanged, ShiftEvent
from contracts.scheduling.shifts.views import ShiftOutcome
from services.clinical.directory import staff
from services.clinical.models.directory import Shift


def on_shift_assigned(session: Session, _actor: Actor, event: ShiftAssigned) -> None:
    """Copy a new shift, unless the copy is newer."""
    _keep(session, event, is_assigned=True)


def on_shift_changed(session: Session, _actor: Actor, event: ShiftChanged) -> None:
    """Copy a changed shift, unless the copy is newer. After a swap, only the new person's event describes the shift."""
    if event.status != ShiftOutcome.GIVEN_AWAY:
        _keep(session, event, is_assigned=event.status == ShiftOutcome.ASSIGNED)


def _keep(session: Session, event: ShiftEvent, *, is_assigned: bool) -> None:
    facts = {name: getattr(event, name) for name in ("person_id", "starts_at", "ends_at", "revision")}
    keep(session, Shift, "id", "revision", id=event.shift_id, is_assigned=is_assigned, **facts)


def nurses_on_shift(session: Session) -> Sequence[UUID]:
    """Return the nurses whose shift is running now, in one statement."""
    now = clock.now()
    running = (Shift.starts_at <= now) & (Shift.ends_at > now) & Shift.is_assigned
    return session.scalars(select(Shift.person_id).where(running, staff.is_nurse(Shift.person_id)).distinct()).all()
