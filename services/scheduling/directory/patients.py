"""Patients: copies of ids and identities, which auth and clinical own."""

from uuid import UUID

from sqlalchemy import case, func, literal, or_, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.events import UserRegistered, UserUpdated
from contracts.clinical.patients import PatientIdentityChanged, PatientRegistered
from contracts.refusals import NO_SUCH_PATIENT
from contracts.roles import DESK, Role
from contracts.scheduling.refusals import PATIENT_DECEASED
from services.scheduling.models.directory import AFTER_ALL_EVENTS, PATIENT, Patient

FORMER_PATIENT = "former patient"
"""Shown instead of the name of an erased patient."""
NAME = case((PATIENT.c.is_erased, literal(FORMER_PATIENT)), else_=func.nullif(PATIENT.c.name, "")).label("patient_name")
NAMED = (
    NAME,
    PATIENT.c.mrn.label("patient_mrn"),
    PATIENT.c.birth_date.label("patient_birth_date"),
)
"""The columns that show a patient in a list, for staff and doctors."""


def on_user_changed(session: Session, _actor: Actor, event: UserRegistered | UserUpdated) -> None:
    """Admit the owner of an account that has, or has had, the patient role: the desk may book for the person."""
    if event.is_patient:
        keep(session, Patient, "id", "is_erased", id=event.user_id, is_erased=False)


def on_patient_registered(session: Session, _actor: Actor, event: PatientRegistered) -> None:
    """Admit a patient of the desk."""
    keep(session, Patient, "id", "is_erased", id=event.patient_id, is_erased=False)


def on_patient_identity_changed(session: Session, _actor: Actor, event: PatientIdentityChanged) -> None:
    """Copy name, record number and birth date, unless the copy is newer or the patient was erased."""
    sequence = session.call.heard.sequence
    facts = {"name": event.name, "mrn": event.mrn, "birth_date": event.birth_date, "identity_sequence": sequence}
    keep(session, Patient, "id", "identity_sequence", id=event.patient_id, **facts)


def erase(session: Session, user_id: UUID) -> None:
    """Mark a person as erased and drop the identity, behind the lock that a booking for the person waits for.

    An erased patient stays erased, whatever event comes later: auth and clinical number their events separately.
    """
    session.lock_people(user_id)
    facts = {"name": "", "mrn": None, "birth_date": None, "identity_sequence": AFTER_ALL_EVENTS}
    keep(session, Patient, "id", "is_erased", id=user_id, is_erased=True, **facts)


def note_death(session: Session, patient_id: UUID, *, is_deceased: bool, revision: int) -> bool:
    """Copy whether a patient has died, behind the patient's lock; return whether the event is newer than the copy."""
    session.lock_people(patient_id)
    facts = {"is_deceased": is_deceased, "deceased_revision": revision}
    return keep(session, Patient, "id", "deceased_revision", id=patient_id, **facts)


def name_of(session: Session, patient_id: UUID | None) -> str | None:
    """Return the name of a patient as lists show it; None if there is no patient, or no name so far."""
    if patient_id is None:
        return None
    found = session.one(select(NAME).where(PATIENT.c.id == patient_id))
    return None if found is None else found.patient_name


def is_gone(session: Session, patient_id: UUID) -> bool:
    """Return whether the patient was erased or has died."""
    is_gone = or_(Patient.is_erased, Patient.is_deceased)
    return bool(session.scalar(select(is_gone).where(Patient.id == patient_id)))


def check_own(actor: Actor) -> None:
    """Refuse a caller of the desk who books for themselves without the patient role."""
    if actor.has(DESK) and not actor.has({Role.PATIENT}):
        raise NO_SUCH_PATIENT()


def must_exist(session: Session, patient_id: UUID) -> bool:
    """Refuse unless the patient exists, with NotYet if unknown; return whether the patient has died."""
    query = select(Patient.is_erased, Patient.is_deceased).where(Patient.id == patient_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NO_SUCH_PATIENT.not_yet()
    if found.is_erased:
        raise NO_SUCH_PATIENT()
    return bool(found.is_deceased)


def must_live(session: Session, patient_id: UUID) -> None:
    """Refuse unless the patient exists and is alive."""
    if must_exist(session, patient_id):
        raise PATIENT_DECEASED()
