"""Appointments of people who leave: doctors who are not available any more, and patients who were erased or died."""

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
from services.scheduling.appointments.conflicts import OVERLAPS, SlotRequest
from services.scheduling.models.appointments import ACTIVE, MOVABLE, PRESENT, Appointment
from services.scheduling.models.directory import Doctor

GONE_REASON = "The doctor is no longer available."
"""The reason that patients read when a started visit is cancelled because the doctor left."""
DIED_REASON = "The patient has died."


def hand_over(session: Session, actor: Actor, *, doctor_id: UUID, to: UUID | None) -> None:
    """Give the open appointments of a doctor to the successor, or displace them.

    A started visit continues with the successor, or is cancelled. Past appointments stay. Overbooked ones come last, so
    that they take no time of regular ones.
    """
    successor = None if to is None else session.scalar(select(Doctor.id).where(Doctor.id == to, Doctor.is_active))
    for appointment in _kept_by(session, doctor_id, {doctor_id} if to is None else {doctor_id, to}):
        before = rescheduling.facts_of(appointment)
        if successor is not None and _is_taken_over(session, appointment, successor):
            rescheduling.record_move(session, actor, appointment, before)
        elif appointment.status == "in_progress":
            appointments.cancel_locked(session, actor, appointment, reason=GONE_REASON, late=False, by="desk")
        else:
            appointments.displace(session, actor, appointment, reason=None)


def _kept_by(session: Session, doctor_id: UUID, doctors: set[UUID]) -> Sequence[Appointment]:
    """Return the open appointments of the doctor, locked, behind the locks of the doctors and of all patients."""
    ahead = or_(Appointment.status.in_(PRESENT), Appointment.ends_at > clock.now())
    kept = (Appointment.doctor_id == doctor_id) & Appointment.status.in_(ACTIVE) & ahead
    order = (Appointment.overbooked, Appointment.starts_at, Appointment.id)
    query = select(Appointment).where(kept).order_by(*order).with_for_update()
    patients = select(Appointment.patient_id).where(kept)
    return read_locked(
        session,
        people=lambda: doctors.union(session.scalars(patients)),
        read=lambda: session.scalars(query).all(),
        people_of=lambda kept: [appointment.patient_id for appointment in kept],
    )


def _is_taken_over(session: Session, appointment: Appointment, successor: UUID) -> bool:
    """Return whether the successor takes the appointment. The constraints of the database decide."""
    if appointment.patient_id == successor or (appointment.overbooked and _is_busy(session, successor, appointment)):
        return False
    try:
        request = SlotRequest(
            successor,
            appointment.patient_id,
            appointment.starts_at,
            moved=appointment.id,
            overbooked=appointment.overbooked,
        )
        openings.check_free(session, request, appointment.ends_at)
        with trying(session, OVERLAPS):
            appointment.hand_over(successor)
    except Conflict:
        return False
    return True


def _is_busy(session: Session, doctor_id: UUID, appointment: Appointment) -> bool:
    """Return whether another appointment of the doctor overlaps. The database allows it for overbooked ones."""
    theirs = (Appointment.doctor_id == doctor_id) & Appointment.status.in_(ACTIVE)
    overlaps = (Appointment.starts_at < appointment.ends_at) & (Appointment.ends_at > appointment.starts_at)
    return bool(session.scalar(select(exists().where(theirs, overlaps))))


def cancel_of_erased_patient(session: Session, actor: Actor, *, patient_id: UUID) -> None:
    """Cancel the open appointments of an erased patient, on the patient's side and without a reason."""
    now = clock.now()
    for appointment in _not_begun(session, patient_id):
        appointments.cancel_locked(
            session, actor, appointment, reason=None, late=appointment.is_late(now), by="patient"
        )


def cancel_of_deceased_patient(session: Session, actor: Actor, *, patient_id: UUID) -> None:
    """Cancel the open appointments of a deceased patient, for the hospital. Only the doctor is notified."""
    for appointment in _not_begun(session, patient_id):
        appointments.cancel_locked(
            session, actor, appointment, reason=DIED_REASON, late=False, by="desk", tell_patient=False
        )


def _not_begun(session: Session, patient_id: UUID) -> Sequence[Appointment]:
    """Return the appointments of a patient that have not started, locked, behind the patient's lock."""
    session.lock_people(patient_id)
    own = (Appointment.patient_id == patient_id) & Appointment.status.in_(MOVABLE)
    query = select(Appointment).where(own).order_by(Appointment.starts_at, Appointment.id).with_for_update()
    return session.scalars(query).all()


def has_no_doctor() -> ColumnElement[bool]:
    """Return the condition that the doctor of an appointment left before its end and is not back."""
    left_before = or_(Doctor.left_at.is_(None), Doctor.left_at < Appointment.ends_at)
    return exists().where(Doctor.id == Appointment.doctor_id, ~Doctor.is_active, left_before)
