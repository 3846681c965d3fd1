"""The doctors who treat a patient."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, union

from chassis import clock
from chassis.persistence.database import Session
from services.clinical.models.care import Assignment, BreakGlass, CareRelation


def treating_doctors(session: Session, patient_id: UUID) -> Sequence[UUID]:
    """Return the doctors who treat the patient now: by appointment, assignment or break-glass, in one statement."""
    now = clock.now()
    by_appointment = select(CareRelation.doctor_id).where(
        CareRelation.patient_id == patient_id, CareRelation.from_ <= now, CareRelation.until > now
    )
    assigned = select(Assignment.doctor_id).where(Assignment.patient_id == patient_id, Assignment.ended_at.is_(None))
    in_emergency = select(BreakGlass.doctor_id).where(BreakGlass.patient_id == patient_id, BreakGlass.until > now)
    return session.scalars(union(by_appointment, assigned, in_emergency)).all()
