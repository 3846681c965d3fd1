"""Visits of people who leave: of a doctor who cannot be visited any more, and of a patient who is erased."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select

from chassis import clock
from chassis.errors import Conflict
from chassis.identity import Actor
from chassis.persistence.database import Session, trying
from chassis.persistence.locks import read_locked
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import openings, rescheduling
from services.scheduling.appointments.conflicts import OVERLAPS, Wish
from services.scheduling.models.appointments import ACTIVE, MOVABLE, PRESENT, Appointment
from services.scheduling.models.directory import Doctor

GONE_REASON = "The doctor is not there any more."
"""What the patients of a doctor who has left are told when a visit that had begun is called off."""
DIED_REASON = "The patient has died."


def hand_over(session: Session, actor: Actor, *, doctor_id: UUID, to: UUID | None) -> None:
    """The doctor cannot be visited any more: each visit that is still to be kept goes to another one, or is displaced.

    One that has begun is gone on with by the other one, or is called off. What was to be kept in the past, and is not,
    stays as it is. Overbooked ones come last, so that none takes the time of another.
    """
    successor = None if to is None else session.scalar(select(Doctor.id).where(Doctor.id == to, Doctor.is_active))
    for visit in _kept_by(session, doctor_id, {doctor_id} if to is None else {doctor_id, to}):
        before = rescheduling.facts_of(visit)
        if successor is not None and _is_taken_over(session, visit, successor):
            rescheduling.moved(session, actor, visit, before)
        elif visit.status == "in_progress":
            appointments.call_off(session, actor, visit, reason=GONE_REASON, late=False, by="desk")
        else:
            appointments.displace(session, actor, visit, reason=None)


def _kept_by(session: Session, doctor_id: UUID, doctors: set[UUID]) -> Sequence[Appointment]:
    """The doctor's open visits, locked, behind the locks of the doctors and of all patients."""
    ahead = or_(Appointment.status.in_(PRESENT), Appointment.ends_at > clock.now())
    kept = (Appointment.doctor_id == doctor_id) & Appointment.status.in_(ACTIVE) & ahead
    order = (Appointment.overbooked, Appointment.starts_at, Appointment.id)
    query = select(Appointment).where(kept).order_by(*order).with_for_update()
    patients = select(Appointment.patient_id).where(kept)
    return read_locked(
        session,
        people=lambda: doctors.union(session.scalars(patients)),
        read=lambda: session.scalars(query).all(),
        people_of=lambda visits: [visit.patient_id for visit in visits],
    )


def _is_taken_over(session: Session, visit: Appointment, successor: UUID) -> bool:
    """Whether the other doctor is there, is not the patient, and has that time; the database has the last word."""
    if visit.patient_id == successor or (visit.overbooked and _is_busy(session, successor, visit)):
        return False
    try:
        wish = Wish(successor, visit.patient_id, visit.starts_at, moved=visit.id, overbooked=visit.overbooked)
        openings.check_free(session, wish, visit.ends_at)
        with trying(session, OVERLAPS):
            visit.hand_over(successor)
    except Conflict:
        return False
    return True


def _is_busy(session: Session, doctor_id: UUID, visit: Appointment) -> bool:
    """Whether another visit takes that time of the doctor. The database lets an overbooked one overlap."""
    theirs = (Appointment.doctor_id == doctor_id) & Appointment.status.in_(ACTIVE)
    overlaps = (Appointment.starts_at < visit.ends_at) & (Appointment.ends_at > visit.starts_at)
    return bool(session.scalar(select(exists().where(theirs, overlaps))))


def call_off_own(session: Session, actor: Actor, *, patient_id: UUID) -> None:
    """A patient is gone for ever: what has not begun is called off on their part, and nobody is told why."""
    now = clock.now()
    for visit in _not_begun(session, patient_id):
        appointments.call_off(session, actor, visit, reason=None, late=visit.is_late(now), by="patient")


def call_off_of_deceased(session: Session, actor: Actor, *, patient_id: UUID) -> None:
    """A patient has died: cancel what has not begun, on the hospital's part. The patient is not told, the doctor is."""
    for visit in _not_begun(session, patient_id):
        appointments.call_off(session, actor, visit, reason=DIED_REASON, late=False, by="desk", tell_patient=False)


def _not_begun(session: Session, patient_id: UUID) -> Sequence[Appointment]:
    """The visits of a patient that have not begun, locked, behind the patient's lock."""
    session.lock_people(patient_id)
    own = (Appointment.patient_id == patient_id) & Appointment.status.in_(MOVABLE)
    query = select(Appointment).where(own).order_by(Appointment.starts_at, Appointment.id).with_for_update()
    return session.scalars(query).all()


def has_no_doctor() -> ColumnElement[bool]:
    """Whether the doctor of a visit could not be visited at its time, and cannot be now."""
    left_before = or_(Doctor.left_at.is_(None), Doctor.left_at < Appointment.ends_at)
    return exists().where(Doctor.id == Appointment.doctor_id, ~Doctor.is_active, left_before)
