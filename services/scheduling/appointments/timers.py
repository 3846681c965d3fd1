"""Timers: appointments that expire, are missed or lose their doctor.

Each timer works on a batch of rows that no other transaction holds. A row that is being changed waits for the next run.
These changes take no time of people, so the locks on people are not needed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentExpired, AppointmentMissed
from services.scheduling import listings
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import handover
from services.scheduling.appointments.commands import record_change
from services.scheduling.models.appointments import ANSWERED_WITHIN, Appointment

PACE = 30.0
"""Seconds."""
BATCH = 200
PLACED_WITHIN = timedelta(days=14)
"""How long a displaced appointment waits for a new time."""
STRANDED_WITHIN = timedelta(hours=24)
"""How long before an appointment its doctor may still return."""
MISSED_AFTER = timedelta(hours=2)
"""How long after its end an appointment counts as missed, at the earliest."""
NO_DOCTOR = "The doctor is not available at that time."


def expire_requests(session: Session, actor: Actor) -> None:
    """Expire requests after 48 hours, or at their start."""
    now = clock.now()
    is_due = or_(Appointment.requested_at <= now - ANSWERED_WITHIN, Appointment.starts_at <= now)
    for appointment in _batch(session, "requested", is_due, Appointment.requested_at):
        appointment.expire()
        record_change(session, actor, appointment, AppointmentExpired)


def expire_displaced(session: Session, actor: Actor) -> None:
    """Expire displaced appointments after 14 days without a new time."""
    is_due = Appointment.displaced_at <= clock.now() - PLACED_WITHIN
    for appointment in _batch(session, "displaced", is_due, Appointment.displaced_at):
        appointment.expire()
        record_change(session, actor, appointment, AppointmentExpired)


def miss_visits(session: Session, actor: Actor) -> None:
    """Mark booked appointments as missed when their day is over. `displace_visits` handles those without a doctor."""
    now = clock.now()
    is_over = Appointment.ends_at <= missed_before(now)
    for appointment in _batch(session, "booked", is_over & ~handover.has_no_doctor(), Appointment.ends_at):
        appointment.miss(now)
        record_change(session, actor, appointment, AppointmentMissed)


def missed_before(now: datetime) -> datetime:
    """Return the latest end of missed appointments: their day is over, and they ended two hours ago or more."""
    today = now.astimezone(config.current().hospital_timezone).date()
    return min(listings.first_of(today), now - MISSED_AFTER)


def displace_visits(session: Session, actor: Actor) -> None:
    """Displace appointments of the next 24 hours, and past ones, whose doctor is not available.

    Later appointments wait for the doctor to return, or for the desk. A past request expires instead.
    """
    now = clock.now()
    is_due = (Appointment.starts_at < now + STRANDED_WITHIN) & handover.has_no_doctor()
    booked = _batch(session, "booked", is_due, Appointment.starts_at)
    requested = _batch(session, "requested", is_due & (Appointment.starts_at > now), Appointment.starts_at)
    for appointment in (*booked, *requested):
        appointments.displace(session, actor, appointment, reason=NO_DOCTOR)


def _batch(
    session: Session,
    status: str,
    is_due: ColumnElement[bool],
    since: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
) -> Sequence[Appointment]:
    """Return due appointments in this state, longest waiting first. The literal state lets the partial index match."""
    is_state = Appointment.status == literal_column(f"'{status}'")
    query = select(Appointment).where(is_state, is_due).order_by(since).limit(BATCH)
    return session.scalars(query.with_for_update(skip_locked=True)).all()
