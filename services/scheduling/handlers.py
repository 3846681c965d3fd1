"""Reactions to events of auth and clinical that touch several nouns."""

from uuid import UUID

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from contracts.auth.events import RoleRevoked, SessionsEnded, UserDeactivated, UserErased
from contracts.clinical.patients import PatientVitalStatusChanged
from contracts.roles import Role
from services.scheduling import calendar_feed, observation_tasks
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import handover
from services.scheduling.directory import doctors, patients, people, staff


def on_role_revoked(session: Session, actor: Actor, event: RoleRevoked) -> None:
    """End what the role gave: the calendar feed, the doctor's appointments or the staff role."""
    calendar_feed.end_older(session, actor, SessionsEnded(user_id=event.user_id))
    if event.role == Role.DOCTOR:
        _release_doctor(session, actor, event.user_id, event.reassign_to)
    staff.dismiss(session, actor, user_id=event.user_id, role=event.role)


def on_user_deactivated(session: Session, actor: Actor, event: UserDeactivated) -> None:
    """End the calendar feed, hand over the doctor's appointments, and suspend the staff roles until approved again."""
    calendar_feed.end_older(session, actor, SessionsEnded(user_id=event.user_id))
    _release_doctor(session, actor, event.user_id, event.reassign_to)
    staff.suspend(session, actor, user_id=event.user_id)


def _release_doctor(session: Session, actor: Actor, doctor_id: UUID, successor_id: UUID | None) -> None:
    """Hand over or displace the doctor's open appointments, unless auth has approved the doctor again since.

    A concurrent booking waits for the same locks and then finds the doctor gone. An earlier booking is handed over.
    """
    if doctors.suspend(session, actor, user_id=doctor_id):
        handover.hand_over(session, actor, doctor_id=doctor_id, to=successor_id)


def on_user_erased(session: Session, actor: Actor, event: UserErased) -> None:
    """Erase the person: hand over a doctor's appointments, cancel a patient's, and delete names and reasons.

    Shifts and tasks stay, so that an admin can reassign them.
    """
    calendar_feed.end_of(session, event.user_id)
    staff.suspend(session, actor, user_id=event.user_id)
    doctors.suspend(session, actor, user_id=event.user_id)
    handover.hand_over(session, actor, doctor_id=event.user_id, to=event.reassign_to)
    handover.cancel_of_erased_patient(session, actor, patient_id=event.user_id)
    doctors.delete_availability(session, event.user_id)  # After the handover, which holds the doctor's lock.
    appointments.forget_reasons(session, event.user_id)
    erase_traces(session, event.user_id)
    patients.erase(session, event.user_id)
    people.erase(session, event.user_id)


def on_patient_vital_status_changed(session: Session, actor: Actor, event: PatientVitalStatusChanged) -> None:
    """Copy whether the patient has died, and cancel appointments and observations of a deceased patient.

    Cancelled appointments stay cancelled when the death was recorded by mistake.
    """
    is_deceased = event.deceased_at is not None
    if patients.note_death(session, event.patient_id, is_deceased=is_deceased, revision=event.revision) and is_deceased:
        handover.cancel_of_deceased_patient(session, actor, patient_id=event.patient_id)
        observation_tasks.cancel_of_deceased_patient(session, event.patient_id)
