"""Who decides about a refill request: the prescriber, or the treating doctors once the prescriber has left."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, select, union

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.refills import NO_SUCH_REFILL_REQUEST
from services.clinical.care.access import treats
from services.clinical.care.doctors import treating_doctors
from services.clinical.directory.staff import is_former_doctor
from services.clinical.models.care import Assignment, BreakGlass, CareRelation
from services.clinical.models.refills import RefillRequest


def deciders(session: Session, doctor_id: UUID, patient_id: UUID) -> Sequence[UUID]:
    """Return the doctors who decide about requests for prescriptions of this doctor."""
    if not _has_left(session, doctor_id):
        return [doctor_id]
    return [each for each in treating_doctors(session, patient_id) if each != doctor_id]


def must_decide(session: Session, actor: Actor, request: RefillRequest) -> None:
    """Refuse other doctors. Raises NotYet: the event of a started visit may be on its way."""
    if request.doctor_id == actor.person:
        return
    if not (_has_left(session, request.doctor_id) and treats(session, actor.person, request.patient_id)):
        raise NO_SUCH_REFILL_REQUEST.not_yet()


def is_decided_by(doctor_id: UUID) -> ColumnElement[bool]:
    """Return the condition that this doctor decides about a request."""
    return (RefillRequest.doctor_id == doctor_id) | (
        is_former_doctor(RefillRequest.doctor_id) & RefillRequest.patient_id.in_(_patients_of(doctor_id))
    )


def _has_left(session: Session, doctor_id: UUID) -> bool:
    return bool(session.scalar(select(is_former_doctor(doctor_id))))


def _patients_of(doctor_id: UUID) -> CompoundSelect[UUID]:
    """Select the ids of patients in the care of the doctor."""
    now = clock.now()
    visited = select(CareRelation.patient_id).where(
        CareRelation.doctor_id == doctor_id, CareRelation.from_ <= now, CareRelation.until > now
    )
    assigned = select(Assignment.patient_id).where(Assignment.doctor_id == doctor_id, Assignment.ended_at.is_(None))
    in_emergency = select(BreakGlass.patient_id).where(BreakGlass.doctor_id == doctor_id, BreakGlass.until > now)
    return union(visited, assigned, in_emergency)
