"""Appointments: asked for, agreed, kept."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Table, or_, select, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.database import Session, refusing
from chassis.errors import Conflict, NotFound
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
from services.scheduling import calendars
from services.scheduling.models import WAITING, Appointment, AppointmentChange, Doctor

OVERLAPS = {
    "no_doctor_overlap": Conflict("slot_taken", "Somebody has this time already."),
    "no_patient_overlap": Conflict("patient_busy", "The patient has another visit at that time."),
}
VISIT = cast("Table", Appointment.__table__)
VISITS = Listing([VISIT.c[name] for name in AppointmentView.schema().fields], (VISIT.c.starts_at, VISIT.c.id))


def book(
    session: Session, actor: Actor, *, doctor_id: UUID, patient_id: UUID, starts_at: datetime, reason: str | None
) -> Appointment:
    """Reserve the doctor's time for the patient.

    NotFound: no such doctor, or not one's own patient record. Invalid: `not_in_future`, `too_far_ahead`. Conflict:
    `slot_taken`, `outside_hours`, `patient_busy`, `too_many_requests`.
    """
    actor.may_act_for(patient_id, DESK)
    calendars.check_time(starts_at)
    session.lock(calendars.lock_of(doctor_id), calendars.lock_of(patient_id))
    slot = calendars.slot_to_book(session, doctor_id=doctor_id, patient_id=patient_id, starts_at=starts_at)
    by_desk = actor.id != patient_id
    visit = Appointment(
        id=uuid7(),
        doctor_id=doctor_id,
        patient_id=patient_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        status="booked" if by_desk else "requested",
        reason=reason,
        overbooked=False,
        first_call=False,
        revision=1,
        created_at=clock.now(),
        requested_at=None if by_desk else clock.now(),
    )
    with refusing(session, OVERLAPS):
        session.insert(visit)
    return _changed(session, actor, visit, AppointmentBooked if by_desk else AppointmentRequested)


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
    session.lock(calendars.lock_of(doctor_id), *([] if to is None else [calendars.lock_of(to)]))
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
