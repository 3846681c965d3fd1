"""Times off: when a doctor cannot be visited, and what becomes of the visits in them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Page
from chassis.database import Session
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Actor
from chassis.paging import Listing
from contracts.audit import ADMINS
from contracts.scheduling import AbsenceView, TimeOffRowView
from services.scheduling import appointments, calendars, days, doctors, rules
from services.scheduling.calendars import AWAY
from services.scheduling.models import ACTIVE, PRESENT, Appointment, TimeOff

AHEAD = timedelta(days=5 * 366)
"""How far ahead a time off may end."""
DISPLACED = ("requested", "booked")
"""The states of visits that lose their time to a time off: in the others, the patient is there already."""
AWAY_REASON = "The doctor is away."
"""What patients are told. The doctor's own reason is none of their business."""
SHOWN = [AWAY.c[name] for name in TimeOffRowView.schema().fields]
TIMES_OFF = Listing(SHOWN, (AWAY.c.starts_at, AWAY.c.id))
ABSENCES = Listing([AWAY.c[name] for name in AbsenceView.schema().fields], TIMES_OFF.keys)
"""The same without the reason."""


def take(
    session: Session,
    actor: Actor,
    *,
    doctor_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    reason: str | None,
    displace: bool,
) -> dict[str, Any]:
    """Be away for a time, or have a doctor be. With `displace`, the visits in it that have not begun lose their time.

    NotFound: `not_found`. Conflict: `has_visits`, `time_off_overlaps`. Invalid: `not_in_future`, `too_far_ahead`,
    `range_too_long`.
    """
    actor.may_act_for(doctor_id, ADMINS)
    _check_time(starts_at, ends_at)
    session.lock(calendars.lock_of(doctor_id))
    doctors.must_exist(session, doctor_id)
    _check_other_times_off(session, doctor_id, starts_at, ends_at)
    visits = _visits(session, doctor_id, starts_at, ends_at)
    _check_visits(visits, DISPLACED if displace else ())
    shown = {"id": uuid7(), "starts_at": starts_at, "ends_at": ends_at, "reason": reason}
    session.insert(TimeOff(**shown, doctor_id=doctor_id, created_at=clock.now()))
    for visit in visits:
        appointments.displace(session, actor, visit, reason=AWAY_REASON)
    _note(session, doctor_id, shown["id"])
    return {**shown, "displaced": [visit.id for visit in visits]}


def _note(session: Session, doctor_id: UUID, time_off_id: Any) -> None:
    """Whose time off it is, for the audit: an admin's deed is found as what was done to the doctor."""
    session.note(record_id=doctor_id, details={"time_off_id": str(time_off_id)})


def _check_time(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= clock.now():
        raise Invalid("not_in_future", "A time off ends in the future.", {"errors": {"ends_at": ["Is past."]}})
    if ends_at > clock.now() + AHEAD:
        message = "A time off ends within five years."
        raise Invalid("too_far_ahead", message, {"errors": {"ends_at": ["Too far ahead."]}})
    if ends_at - starts_at > rules.LONGEST_TIME_OFF:
        message = "A time off is at most 366 days long."
        raise Invalid("range_too_long", message, {"errors": {"ends_at": ["Too far from `starts_at`."]}})


def _check_other_times_off(session: Session, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    query = select(AWAY.c.id).where(
        AWAY.c.doctor_id == doctor_id,
        AWAY.c.starts_at < ends_at,
        AWAY.c.starts_at > starts_at - rules.LONGEST_TIME_OFF,
        AWAY.c.ends_at > starts_at,
    )
    if session.core.execute(query.limit(1)).first() is not None:
        raise Conflict("time_off_overlaps", "The doctor is away then already.")


def _visits(session: Session, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> Sequence[Appointment]:
    """The visits that take a part of this time, locked, earliest first.

    What is over counts no more, but for a patient who has been there since today.
    """
    now = clock.now()
    today = days.first_of(now.astimezone(config.current().hospital_timezone).date())
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


def _check_visits(visits: Sequence[Appointment], displaced: Sequence[str]) -> None:
    """Conflict: `has_visits`, unless all are in one of these states."""
    in_the_way = [str(visit.id) for visit in visits if visit.status not in displaced]
    if in_the_way:
        raise Conflict("has_visits", "There are visits at that time.", {"appointment_ids": in_the_way})


def listing(session: Session, actor: Actor, *, doctor_id: UUID, limit: int, cursor: str | None) -> Page:
    """A doctor's times off, latest first. NotFound: `not_found`."""
    actor.may_act_for(doctor_id, ADMINS)
    doctors.must_exist(session, doctor_id)
    return TIMES_OFF.page(session, limit=limit, cursor=cursor, doctor_id=doctor_id)


def absences(session: Session, _actor: Actor, *, doctor_id: UUID, limit: int, cursor: str | None) -> Page:
    """When a doctor is away, latest first. The contract lets only the desk ask. NotFound: `not_found`."""
    doctors.must_exist(session, doctor_id)
    return ABSENCES.page(session, limit=limit, cursor=cursor, doctor_id=doctor_id)


def end(session: Session, actor: Actor, *, doctor_id: UUID, time_off_id: UUID) -> Any:
    """Take a time off back. Visits that it displaced stay so. NotFound: none of this doctor's."""
    actor.may_act_for(doctor_id, ADMINS)
    doctors.must_exist(session, doctor_id)
    query = delete(AWAY).where(AWAY.c.id == time_off_id, AWAY.c.doctor_id == doctor_id)
    found = session.core.execute(query.returning(*SHOWN)).one_or_none()
    if found is None:
        raise NotFound("not_found", "There is no such time off.")
    _note(session, doctor_id, time_off_id)
    return found
