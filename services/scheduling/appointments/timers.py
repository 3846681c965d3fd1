"""What time does to visits: without an answer, without the patient, without a doctor, without another time.

A batch at a time, of rows that nobody else works on: a visit that is just being moved is looked at again the next time.
None of these visits takes anybody's time afterwards, so the locks on people are not needed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, literal_column, or_, select

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentExpired, AppointmentMissed
from services.scheduling import date_ranges
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import handover
from services.scheduling.appointments.commands import changed
from services.scheduling.models.appointments import ANSWERED_WITHIN, Appointment

PACE = 30.0
"""Seconds."""
BATCH = 200
PLACED_WITHIN = timedelta(days=14)
"""How long a displaced visit waits for another time."""
STRANDED_WITHIN = timedelta(hours=24)
"""How long before a visit its doctor may still come back, when they cannot be visited now."""
MISSED_AFTER = timedelta(hours=2)
"""How long after its end an appointment counts as missed, at the earliest."""
NO_DOCTOR = "The doctor cannot be visited then."


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
    """Patients who have not come on the day of their visit, which is over in the hospital, have missed it.

    Not when there was no doctor for them: `displace_visits` sees to those.
    """
    now = clock.now()
    is_over = Appointment.ends_at <= missed_before(now)
    for visit in _batch(session, "booked", is_over & ~handover.has_no_doctor(), Appointment.ends_at):
        visit.miss(now)
        changed(session, actor, visit, AppointmentMissed)


def missed_before(now: datetime) -> datetime:
    """Return the latest end of missed appointments: their day is over, and they ended two hours ago or more."""
    today = now.astimezone(config.current().hospital_timezone).date()
    return min(date_ranges.first_of(today), now - MISSED_AFTER)


def displace_visits(session: Session, actor: Actor) -> None:
    """Visits of the next 24 hours whose doctor cannot be visited lose their time, and so do those of the past.

    Later ones wait for the doctor to come back, or for the desk. A request of the past expires instead.
    """
    now = clock.now()
    is_due = (Appointment.starts_at < now + STRANDED_WITHIN) & handover.has_no_doctor()
    booked = _batch(session, "booked", is_due, Appointment.starts_at)
    requested = _batch(session, "requested", is_due & (Appointment.starts_at > now), Appointment.starts_at)
    for visit in (*booked, *requested):
        appointments.displace(session, actor, visit, reason=NO_DOCTOR)


def _batch(session: Session, status: str, is_due: ColumnElement[bool], since: Any) -> Sequence[Appointment]:
    """Those in this state that are due, longest first. The state is in the statement itself, for the index of it."""
    is_state = Appointment.status == literal_column(f"'{status}'")
    query = select(Appointment).where(is_state, is_due).order_by(since).limit(BATCH)
    return session.scalars(query.with_for_update(skip_locked=True)).all()
