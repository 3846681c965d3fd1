"""Open appointments: publish which doctor has which appointment to keep, whenever that changes (decision 0021)."""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import event, inspect, or_, select

from chassis import clock
from chassis.identity import Actor
from chassis.messaging import inbox
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import OpenAppointmentChanged
from services.scheduling.models.appointments import ACTIVE, Appointment

PACE = 3600.0
"""Seconds."""
WEEKS = UUID("01919c5e-0000-7000-8000-0000000000f2")
"""The namespace of the ids of weeks."""
RECENT = timedelta(days=7)
"""The weekly repetition covers closed appointments from so long ago, so that a missed closing is repeated once."""
PUBLISHED = "published"
"""The key in SQLAlchemy's info of a row."""


def publish_change(session: Session, appointment: Appointment) -> None:
    """Publish the doctor and the end of an appointment, unless the last event about it had the same."""
    known, fact = inspect(appointment).info, _fact(appointment)
    if known.get(PUBLISHED) != fact:
        known[PUBLISHED] = fact
        session.publish(_event(appointment))


def repeat(session: Session, _actor: Actor) -> None:
    """Publish once a week each open appointment, and each recent or future one that is closed.

    Receivers ignore a repeated revision. A receiver that missed an event, or started to listen later, is right again.
    """
    year, week, _day = clock.now().isocalendar()
    if inbox.claim(session, uuid5(WEEKS, f"{year}-{week}"), "scheduling.repeat_open_appointments"):
        is_wanted = or_(Appointment.status.in_(ACTIVE), Appointment.starts_at > clock.now() - RECENT)
        for appointment in session.scalars(select(Appointment).where(is_wanted)):
            session.publish(_event(appointment))


def _event(appointment: Appointment) -> OpenAppointmentChanged:
    return OpenAppointmentChanged(
        appointment_id=appointment.id,
        doctor_id=appointment.doctor_id,
        ends_at=appointment.ends_at if appointment.status in ACTIVE else None,
        revision=appointment.revision,
    )


def _fact(appointment: Appointment) -> tuple[UUID, datetime] | None:
    """The doctor and the end of an open appointment. None: it is closed."""
    return (appointment.doctor_id, appointment.ends_at) if appointment.status in ACTIVE else None


@event.listens_for(Appointment, "load")
@event.listens_for(Appointment, "refresh")
def _remember(appointment: Appointment, *_: object) -> None:
    """Keep the fact as it is in the database: a transaction publishes each change of it, so it is published."""
    inspect(appointment).info[PUBLISHED] = _fact(appointment)
