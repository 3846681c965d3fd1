"""Times off, and the appointments in them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import Listing, Window
from contracts.audit import ADMINS
from contracts.scheduling.availability import (
    HAS_VISITS,
    RANGE_TOO_LONG,
    TIME_OFF_OVERLAPS,
    AbsenceView,
    EndTimeOff,
    ListAbsences,
    ListTimeOff,
    TakeTimeOff,
    TimeOffRowView,
)
from contracts.scheduling.refusals import NO_SUCH_TIME_OFF, NOT_IN_FUTURE, TOO_FAR_AHEAD
from services.scheduling import listings, rules
from services.scheduling.appointments import commands as appointments
from services.scheduling.directory import doctors
from services.scheduling.models.appointments import ACTIVE, PRESENT, Appointment
from services.scheduling.models.availability import AWAY, TimeOff

AHEAD = timedelta(days=5 * 366)
"""How far ahead a time off may end."""
DISPLACED = ("requested", "booked")
"""The states that a time off displaces. In the others the patient has arrived."""
AWAY_REASON = "The doctor is away."
"""The reason that patients read. The doctor's own reason stays private."""
SHOWN = [AWAY.c[name] for name in TimeOffRowView.schema().fields]
TIMES_OFF = Listing(SHOWN, (AWAY.c.starts_at, AWAY.c.id))
ABSENCES = Listing([AWAY.c[name] for name in AbsenceView.schema().fields], TIMES_OFF.keys)
"""Times off without their reasons."""


def take(session: Session, actor: Actor, command: TakeTimeOff) -> dict[str, Any]:
    """Add a time off.

    With `displace`, the appointments in it that have not started are displaced.
    """
    actor.may_act_for(command.doctor_id, ADMINS)
    _check_time(command.starts_at, command.ends_at)
    session.lock_people(command.doctor_id)
    doctors.must_exist(session, command.doctor_id)
    _check_other_times_off(session, command.doctor_id, command.starts_at, command.ends_at)
    overlapping = _overlapping(session, command.doctor_id, command.starts_at, command.ends_at)
    _check_displaceable(overlapping, DISPLACED if command.displace else ())
    shown = {"id": uuid7(), "starts_at": command.starts_at, "ends_at": command.ends_at, "reason": command.reason}
    session.add(TimeOff(**shown, doctor_id=command.doctor_id, created_at=clock.now()))
    for appointment in overlapping:
        appointments.displace(session, actor, appointment, reason=AWAY_REASON)
    _note(session, command.doctor_id, shown["id"])
    return {**shown, "displaced": [appointment.id for appointment in overlapping]}


def _note(session: Session, doctor_id: UUID, time_off_id: Any) -> None:
    """Note the doctor for the audit, so that an admin's change is found under the doctor."""
    session.note(record_id=doctor_id, details={"time_off_id": str(time_off_id)})


def _check_time(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= clock.now():
        raise NOT_IN_FUTURE("A time off ends in the future.", errors={"ends_at": ["Is past."]})
    if ends_at > clock.now() + AHEAD:
        message = "A time off ends within five years."
        raise TOO_FAR_AHEAD(message, errors={"ends_at": ["Too far ahead."]})
    if ends_at - starts_at > rules.LONGEST_TIME_OFF:
        message = "A time off is at most 366 days long."
        raise RANGE_TOO_LONG(message, errors={"ends_at": ["Too far from `starts_at`."]})


def _check_other_times_off(session: Session, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    query = select(AWAY.c.id).where(
        AWAY.c.doctor_id == doctor_id,
        AWAY.c.starts_at < ends_at,
        AWAY.c.starts_at > starts_at - rules.LONGEST_TIME_OFF,
        AWAY.c.ends_at > starts_at,
    )
    if session.rows(query.limit(1)):
        raise TIME_OFF_OVERLAPS()


def _overlapping(session: Session, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> Sequence[Appointment]:
    """Return the appointments that overlap this time, locked, earliest first.

    Past appointments do not count, except those of today whose patient has arrived.
    """
    now = clock.now()
    today = listings.first_of(now.astimezone(config.current().hospital_timezone).date())
    is_there = Appointment.status.in_(PRESENT) & (Appointment.ends_at > today)
    query = select(Appointment).where(
        Appointment.doctor_id == doctor_id,
        Appointment.status.in_(ACTIVE),
        (Appointment.ends_at > now) | is_there,
        Appointment.starts_at < ends_at,
        Appointment.starts_at > starts_at - timedelta(days=1),
        Appointment.ends_at > starts_at,
    )
    return session.scalars(query.order_by(Appointment.starts_at, Appointment.id).with_for_update()).all()


def _check_displaceable(overlapping: Sequence[Appointment], displaced: Sequence[str]) -> None:
    """Refuse while appointments in the time off cannot be displaced."""
    in_the_way = [str(appointment.id) for appointment in overlapping if appointment.status not in displaced]
    if in_the_way:
        raise HAS_VISITS(appointment_ids=in_the_way)


def listing(session: Session, actor: Actor, query: ListTimeOff) -> Page:
    """List a doctor's times off, latest first."""
    actor.may_act_for(query.doctor_id, ADMINS)
    doctors.must_exist(session, query.doctor_id)
    return TIMES_OFF.page(session, Window(query.limit, query.cursor), doctor_id=query.doctor_id)


def absences(session: Session, _actor: Actor, query: ListAbsences) -> Page:
    """List a doctor's absences, latest first."""
    doctors.must_exist(session, query.doctor_id)
    return ABSENCES.page(session, Window(query.limit, query.cursor), doctor_id=query.doctor_id)


def end(session: Session, actor: Actor, command: EndTimeOff) -> Any:
    """Delete a time off. Displaced appointments stay displaced."""
    actor.may_act_for(command.doctor_id, ADMINS)
    doctors.must_exist(session, command.doctor_id)
    query = delete(AWAY).where(AWAY.c.id == command.time_off_id, AWAY.c.doctor_id == command.doctor_id)
    found = session.one(query.returning(*SHOWN))
    if found is None:
        raise NO_SUCH_TIME_OFF()
    _note(session, command.doctor_id, command.time_off_id)
    return found
