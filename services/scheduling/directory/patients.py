"""Who is a patient: the ids that auth and clinical tell of, and nothing else of anybody."""

from uuid import UUID

from sqlalchemy import or_, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.events import UserRegistered, UserUpdated
from contracts.clinical.patients import PatientRegistered
from contracts.refusals import NO_SUCH_PATIENT
from contracts.roles import DESK, Role
from contracts.scheduling.refusals import PATIENT_DECEASED
from services.scheduling.appointments import openings
from services.scheduling.models.directory import Patient


def remember(session: Session, _actor: Actor, event: UserRegistered | UserUpdated) -> None:
    """An account has, or has had, the patient's role: the desk may book for the person."""
    if event.is_patient:
        _keep(session, event.user_id, is_erased=False)


def admit(session: Session, _actor: Actor, event: PatientRegistered) -> None:
    """Somebody has been registered at the desk."""
    _keep(session, event.patient_id, is_erased=False)


def forget(session: Session, _actor: Actor, *, user_id: UUID) -> None:
    """Somebody is gone for ever, behind the lock that a booking for them waits for."""
    session.lock(openings.lock_of(user_id))
    _keep(session, user_id, is_erased=True)


def _keep(session: Session, person_id: UUID, *, is_erased: bool) -> None:
    """Who is erased stays so, whatever is heard later: the events come from two services, so no number orders them."""
    keep(session, Patient, "id", "is_erased", id=person_id, is_erased=is_erased)


def note_death(session: Session, patient_id: UUID, *, is_deceased: bool, revision: int) -> bool:
    """Copy whether a patient has died, behind the lock that a booking for them waits for; whether that is news."""
    session.lock(openings.lock_of(patient_id))
    facts = {"is_deceased": is_deceased, "deceased_revision": revision}
    return keep(session, Patient, "id", "deceased_revision", id=patient_id, **facts)


def is_gone(session: Session, patient_id: UUID) -> bool:
    """Whether the patient keeps no visit any more: erased, or deceased."""
    is_gone = or_(Patient.is_erased, Patient.is_deceased)
    return bool(session.scalar(select(is_gone).where(Patient.id == patient_id)))


def check_own(actor: Actor) -> None:
    """NotFound when a caller of the desk, who books for themselves, is no patient: of others there is no record."""
    if actor.has(DESK) and not actor.has({Role.PATIENT}):
        raise NO_SUCH_PATIENT()


def must_exist(session: Session, patient_id: UUID) -> bool:
    """NotFound unless there is such a patient; NotYet when nobody has told of one so far. Whether they have died."""
    query = select(Patient.is_erased, Patient.is_deceased).where(Patient.id == patient_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NO_SUCH_PATIENT.not_yet()
    if found.is_erased:
        raise NO_SUCH_PATIENT()
    return bool(found.is_deceased)


def must_live(session: Session, patient_id: UUID) -> None:
    """The same of a patient who is to have a visit."""
    if must_exist(session, patient_id):
        raise PATIENT_DECEASED()
