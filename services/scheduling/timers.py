"""What time does to visits: requests that nobody answers, patients who do not come, displaced visits without a time.

A batch at a time, of rows that nobody else works on: a visit that is just being moved is looked at again the next time.
None of these visits takes anybody's time afterwards, so the locks on people are not needed.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, literal_column, or_, select

from chassis import clock, config
from chassis.database import Session
from chassis.identity import Actor
from contracts.scheduling import AppointmentExpired, AppointmentMissed
from services.scheduling import days
from services.scheduling.appointments import changed
from services.scheduling.models import Appointment

PACE = 30.0
"""Seconds."""
BATCH = 200
ANSWERED_WITHIN = timedelta(hours=48)
PLACED_WITHIN = timedelta(days=14)
"""How long a displaced visit waits for another time."""


def expire_requests(session: Session, actor: Actor) -> None:
    """Requests that were not answered in 48 hours, or by their start, come to nothing."""
    now = clock.now()
    is_due = or_(Appointment.requested_at <= now - ANSWERED_WITHIN, Appointment.starts_at <= now)
    for visit in _batch(session, "requested", is_due, Appointment.requested_at):
        visit.expire()
        changed(session, actor, visit, AppointmentExpired)


def expire_displaced(session: Session, actor: Actor) -> None:
    """Displaced visits that nobody gave another time in 14 days come to nothing."""
    is_due = Appointment.displaced_at <= clock.now() - PLACED_WITHIN
    for visit in _batch(session, "displaced", is_due, Appointment.displaced_at):
        visit.expire()
        changed(session, actor, visit, AppointmentExpired)


def miss_visits(session: Session, actor: Actor) -> None:
    """Patients who have not come on the day of their visit, which is over in the hospital, have missed it."""
    now = clock.now()
    today = days.first_of(now.astimezone(config.current().hospital_timezone).date())
    for visit in _batch(session, "booked", Appointment.ends_at < today, Appointment.ends_at):
        visit.miss(now)
        changed(session, actor, visit, AppointmentMissed)


def _batch(session: Session, status: str, is_due: ColumnElement[bool], since: Any) -> Sequence[Appointment]:
    """Those in this state that are due, longest first. The state is in the statement itself, for the index of it."""
    is_state = Appointment.status == literal_column(f"'{status}'")
    query = select(Appointment).where(is_state, is_due).order_by(since).limit(BATCH)
    return session.scalars(query.with_for_update(skip_locked=True)).all()
