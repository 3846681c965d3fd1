"""The deciders of a refill request: the prescriber, or the treating doctors once the prescriber has left."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.refills import NO_SUCH_REFILL_REQUEST
from services.clinical.care import treatments
from services.clinical.care.access import treats
from services.clinical.directory.staff import is_former_doctor
from services.clinical.models.refills import RefillRequest


def deciders(session: Session, doctor_id: UUID, patient_id: UUID) -> Sequence[UUID]:
    """Return the doctors who decide about requests for prescriptions of this doctor."""
    if not _has_left(session, doctor_id):
        return [doctor_id]
    return [each for each in treatments.doctors_of(session, patient_id) if each != doctor_id]


def must_decide(session: Session, actor: Actor, request: RefillRequest) -> None:
    """Refuse other doctors. Raises NotYet: the event of a started visit may be on its way."""
    if request.doctor_id == actor.person:
        return
    if not (_has_left(session, request.doctor_id) and treats(session, actor.person, request.patient_id)):
        raise NO_SUCH_REFILL_REQUEST.not_yet()


def is_decided_by(doctor_id: UUID) -> ColumnElement[bool]:
    """Return the condition that this doctor decides about a request."""
    treatment = treatments.current()
    treated = select(treatment.c.patient_id).where(treatment.c.doctor_id == doctor_id)
    is_successor = is_former_doctor(RefillRequest.doctor_id) & RefillRequest.patient_id.in_(treated)
    return (RefillRequest.doctor_id == doctor_id) | is_successor


def _has_left(session: Session, doctor_id: UUID) -> bool:
    return bool(session.scalar(select(is_former_doctor(doctor_id))))
