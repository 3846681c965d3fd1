"""Who is a patient: the ids that auth and clinical tell of, and nothing else of anybody."""

from uuid import UUID

from sqlalchemy import select

from chassis.copies import keep
from chassis.database import Session
from chassis.errors import NotFound, NotYet
from chassis.identity import Actor
from contracts.roles import DESK, Role
from services.scheduling import calendars
from services.scheduling.models import Patient


def remember(session: Session, _actor: Actor, *, user_id: UUID, is_patient: bool = True) -> None:
    """An account has, or has had, the patient's role: the desk may book for the person."""
    if is_patient:
        _keep(session, user_id, is_erased=False)


def admit(session: Session, _actor: Actor, *, patient_id: UUID) -> None:
    """Somebody has been registered at the desk."""
    _keep(session, patient_id, is_erased=False)


def forget(session: Session, _actor: Actor, *, user_id: UUID) -> None:
    """Somebody is gone for ever, behind the lock that a booking for them waits for."""
    session.lock(calendars.lock_of(user_id))
    _keep(session, user_id, is_erased=True)


def _keep(session: Session, person_id: UUID, *, is_erased: bool) -> None:
    """Who is erased stays so, whatever is heard later: the events come from two services, so no number orders them."""
    keep(session, Patient, "id", "is_erased", id=person_id, is_erased=is_erased)


def is_gone(session: Session, patient_id: UUID) -> bool:
    """Whether the patient keeps no visit any more: erased."""
    return bool(session.scalar(select(Patient.is_erased).where(Patient.id == patient_id)))


def check_own(actor: Actor) -> None:
    """NotFound when a caller of the desk, who books for themselves, is no patient: of others there is no record."""
    if actor.has(DESK) and not actor.has({Role.PATIENT}):
        raise NotFound("not_found", "There is no such patient.")


def must_exist(session: Session, patient_id: UUID) -> None:
    """NotFound unless there is such a patient; NotYet when nobody has told of one so far."""
    is_erased = session.scalar(select(Patient.is_erased).where(Patient.id == patient_id))
    if is_erased is None:
        raise NotYet("not_found", "There is no such patient.")
    if is_erased:
        raise NotFound("not_found", "There is no such patient.")
