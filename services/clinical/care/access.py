"""The access of doctors to charts."""

from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.patients import NO_SUCH_PATIENT_IN_YOUR_CARE
from services.clinical.models.care import CareRelation


def treats(session: Session, doctor_id: UUID, patient_id: UUID) -> bool:
    """Return whether the doctor treats the patient now."""
    now = clock.now()
    query = select(CareRelation.id).where(
        CareRelation.doctor_id == doctor_id,
        CareRelation.patient_id == patient_id,
        CareRelation.from_ <= now,
        CareRelation.until > now,
    )
    return session.scalars(query.limit(1)).first() is not None


def must_treat(session: Session, actor: Actor, patient_id: UUID) -> None:
    """Refuse doctors who do not treat the patient now. Raises NotYet: the event of a started visit may be on its way.

    A foreign patient and an unknown id get the same refusal after the same time.
    """
    if not treats(session, actor.person, patient_id):
        raise NO_SUCH_PATIENT_IN_YOUR_CARE.not_yet()
