"""Treatments: the doctors who treat a patient now, by an appointment, by an assignment or in an emergency."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, String, Subquery, literal, null, select, union_all
from sqlalchemy.sql.expression import SQLColumnExpression

from chassis import clock
from chassis.persistence.database import Session
from chassis.persistence.tables import Moment
from contracts.clinical.care import AccessBasis
from services.clinical.models.care import Assignment, BreakGlass, CareRelation

NO_END = null().cast(Moment)


def current() -> Subquery:
    """Return the treatments of this moment: `doctor_id`, `patient_id`, `basis` and `until` (null without an end).

    A doctor may treat a patient for several reasons at once. PostgreSQL uses the indexes of the tables for conditions
    on doctor and patient.
    """
    now = clock.now()
    appointments = _select(AccessBasis.APPOINTMENT, CareRelation, CareRelation.until)
    assignments = _select(AccessBasis.ASSIGNMENT, Assignment, NO_END)
    emergencies = _select(AccessBasis.BREAK_GLASS, BreakGlass, BreakGlass.until)
    return union_all(
        appointments.where(CareRelation.from_ <= now, CareRelation.until > now),
        assignments.where(Assignment.ended_at.is_(None)),
        emergencies.where(BreakGlass.until > now),
    ).subquery("treatment")


def _select(
    basis: AccessBasis, model: type[CareRelation | Assignment | BreakGlass], until: SQLColumnExpression[datetime]
) -> Select[UUID, UUID, str, datetime]:
    reason = literal(basis.value, String).label("basis")
    return select(model.doctor_id, model.patient_id, reason, until.label("until"))


def bases(session: Session, doctor_id: UUID, patient_ids: Collection[UUID]) -> dict[UUID, AccessBasis]:
    """Return why the doctor treats these patients, in one statement. Other patients are left out.

    Of several reasons the first in the order of `AccessBasis` counts.
    """
    treatment = current()
    query = select(treatment.c.patient_id, treatment.c.basis).where(
        treatment.c.doctor_id == doctor_id, treatment.c.patient_id.in_(patient_ids)
    )
    order = list(AccessBasis)
    rows = session.execute(query) if patient_ids else ()
    found = sorted(((row.patient_id, AccessBasis(row.basis)) for row in rows), key=lambda pair: -order.index(pair[1]))
    return dict(found)


def doctors_of(session: Session, patient_id: UUID) -> Sequence[UUID]:
    """Return the doctors who treat the patient, in one statement."""
    treatment = current()
    query = select(treatment.c.doctor_id).where(treatment.c.patient_id == patient_id)
    return session.scalars(query.distinct()).all()
