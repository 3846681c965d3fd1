"""Appointments: asked for, agreed, kept."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, or_, select, update
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Page
from chassis.database import Session, refusing
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Actor
from chassis.paging import Listing
from contracts.roles import DESK
from contracts.scheduling import (
    AppointmentBooked,
    AppointmentDisplaced,
    AppointmentEvent,
    AppointmentRequested,
    AppointmentRescheduled,
    AppointmentView,
    VisitCompleted,
    VisitStarted,
)
from services.scheduling import rules
from services.scheduling.models import WAITING, Appointment, AppointmentChange, AvailabilityRule, Doctor
from services.scheduling.rules import Slot

OVERLAPS = {
    "no_doctor_overlap": Conflict("slot_taken", "Somebody has this time already."),
    "no_patient_overlap": Conflict("patient_busy", "The patient has another visit at that time."),
}
VISIT, DOCTOR, HOURS = (cast("Table", model.__table__) for model in (Appointment, Doctor, AvailabilityRule))
VISITS = Listing([VISIT.c[name] for name in AppointmentView.schema().fields], (VISIT.c.starts_at, VISIT.c.id))

_WAITING = select(func.count()).where(VISIT.c.patient_id == bindparam("patient_id"), VISIT.c.status == "requested")
_OF_DAY = (HOURS.c.doctor_id == DOCTOR.c.id) & (HOURS.c.weekday == bindparam("weekday"))
HOURS_OF_DAY = (
    select(_WAITING.scalar_subquery().label("waiting"), HOURS.c.weekday, HOURS.c["from"].label("from_"), HOURS.c.to)
    .add_columns(HOURS.c.slot_minutes)
    .select_from(DOCTOR)
    .outerjoin(HOURS, _OF_DAY)
    .where(DOCTOR.c.id == bindparam("doctor_id"), DOCTOR.c.is_active)
)


def book(
    session: Session, actor: Actor, *, doctor_id: UUID, patient_id: UUID, starts_at: datetime, reason: str | None
) -> Appointment:
    """Reserve the doctor's time for the patient.

    NotFound: no such doctor, or not one's own patient record. Invalid: `not_in_future`, `too_far_ahead`. Conflict:
    `slot_taken`, `outside_hours`, `patient_busy`, `too_many_requests`.
    """
    actor.may_act_for(patient_id, DESK)
    _check_time(starts_at)
    session.lock(lock_of(doctor_id), lock_of(patient_id))
    slot = _slot_at(session, doctor_id, patient_id, starts_at)
    by_desk = actor.id != patient_id
    visit = Appointment(
        id=uuid7(),
        doctor_id=doctor_id,
        patient_id=patient_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        status="booked" if by_desk else "requested",
        reason=reason,
        revision=1,
        created_at=clock.now(),
    )
    with refusing(session, OVERLAPS):
        session.insert(visit)
    return _changed(session, actor, visit, AppointmentBooked if by_desk else AppointmentRequested)


def lock_of(person_id: UUID) -> int:
    """The lock that whoever changes what a person's time is taken by holds."""
    return person_id.int & 0x7FFF_FFFF_FFFF_FFFF


def _check_time(starts_at: datetime) -> None:
    ahead = starts_at - clock.now()
    if ahead <= timedelta(0):
        raise Invalid("not_in_future", "A visit begins in the future.", {"errors": {"starts_at": ["Is past."]}})
    if ahead > rules.HORIZON:
        raise Invalid(
            "too_far_ahead", "A visit is at most 180 days ahead.", {"errors": {"starts_at": ["Too far ahead."]}}
        )


def _slot_at(session: Session, doctor_id: UUID, patient_id: UUID, starts_at: datetime) -> Slot:
    """The slot of the doctor's hours that begins then."""
    zone = config.current().hospital_timezone
    values = {"doctor_id": doctor_id, "patient_id": patient_id, "weekday": starts_at.astimezone(zone).weekday()}
    rows: Any = session.core.execute(HOURS_OF_DAY, values).all()
    if not rows:
        raise NotFound("not_found", "There is no such doctor.")
    if rows[0].waiting >= rules.OPEN_REQUESTS:
        raise Conflict("too_many_requests", "Five requests of this patient wait for an answer already.")
    slot = rules.slot_at((row for row in rows if row.weekday is not None), starts_at, zone)
    if slot is None:
        raise Conflict("outside_hours", "The doctor has no slot that begins then.")
    return slot


def _changed(
    session: Session, actor: Actor, visit: Appointment, event: type[AppointmentEvent], **more: str
) -> Appointment:
    """Write the history, and tell the world."""
    session.append(
        AppointmentChange,
        appointment_id=visit.id,
        revision=visit.revision,
        status=visit.status,
        starts_at=visit.starts_at,
        actor_id=actor.id,
        at=clock.now(),
    )
    session.publish(
        event(
            appointment_id=visit.id,
            doctor_id=visit.doctor_id,
            patient_id=visit.patient_id,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            revision=visit.revision,
            **more,
        )
    )
    return visit


def accept(session: Session, actor: Actor, *, appointment_id: UUID) -> Appointment:
    """The doctor agrees to the visit. Conflict: `not_requested`."""
    visit = _own_visit(session, actor, appointment_id)
    visit.accept()
    return _changed(session, actor, visit, AppointmentBooked)


def start(session: Session, actor: Actor, *, appointment_id: UUID) -> Appointment:
    """The doctor begins the visit. Conflict: `not_booked`."""
    visit = _own_visit(session, actor, appointment_id)
    visit.start()
    return _changed(session, actor, visit, VisitStarted)


def complete(session: Session, actor: Actor, *, appointment_id: UUID) -> Appointment:
    """The doctor ends the visit. Conflict: `not_in_progress`."""
    visit = _own_visit(session, actor, appointment_id)
    visit.complete()
    return _changed(session, actor, visit, VisitCompleted)


def _own_visit(session: Session, actor: Actor, appointment_id: UUID) -> Appointment:
    """The doctor's own visit, locked; NotFound for anybody else's."""
    visit = session.get(Appointment, appointment_id, with_for_update=True)
    if visit is None or visit.doctor_id != actor.person:
        raise NotFound("not_found", "There is no such appointment.")
    return visit


def hand_over(session: Session, actor: Actor, *, doctor_id: UUID, to: UUID | None) -> None:
    """The doctor is gone for ever: each visit that is still to be kept goes to another one, or is displaced.

    What was to be kept in the past, and is not, stays as it is.
    """
    session.lock(lock_of(doctor_id), *([] if to is None else [lock_of(to)]))
    successor = None if to is None else session.scalar(select(Doctor.id).where(Doctor.id == to, Doctor.is_active))
    ahead = or_(Appointment.status == "arrived", Appointment.ends_at > clock.now())
    query = select(Appointment).where(Appointment.doctor_id == doctor_id, Appointment.status.in_(WAITING), ahead)
    for visit in session.scalars(query.order_by(Appointment.starts_at).with_for_update()).all():
        if successor is not None and _is_taken_over(session, visit, successor):
            _changed(session, actor, visit, AppointmentRescheduled, status=visit.status)
        else:
            visit.displace()
            _changed(session, actor, visit, AppointmentDisplaced)


def _is_taken_over(session: Session, visit: Appointment, successor: UUID) -> bool:
    """Whether the other doctor has that time; the database says so."""
    try:
        with session.begin_nested(), refusing(session, OVERLAPS):
            visit.hand_over(successor)
    except Conflict:
        return False
    return True


def forget_reasons(session: Session, patient_id: UUID) -> None:
    """Drop what an erased patient wrote."""
    written = (Appointment.patient_id == patient_id) & Appointment.reason.is_not(None)
    session.execute(update(Appointment).where(written).values(reason=None))


def of_patient(
    session: Session, actor: Actor, *, patient_id: UUID, status: str | None, limit: int, cursor: str | None
) -> Page:
    """The patient's own visits, latest first."""
    actor.may_act_for(patient_id)
    return VISITS.page(session, limit=limit, cursor=cursor, patient_id=patient_id, status=status)


def of_doctor(
    session: Session, actor: Actor, *, doctor_id: UUID, status: str | None, limit: int, cursor: str | None
) -> Page:
    """The doctor's own visits, latest first."""
    actor.may_act_for(doctor_id)
    return VISITS.page(session, limit=limit, cursor=cursor, doctor_id=doctor_id, status=status)
