"""The facts of a patient that a check of medicines needs."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.persistence.database import Session
from contracts.clinical.medicines import AllergyStatement
from contracts.clinical.prescriptions import PrescriptionStatus, Route
from services.clinical.medicines.doses import Body
from services.clinical.medicines.rules import Allergy
from services.clinical.models.patients import Patient
from services.clinical.models.prescriptions import Prescription, PrescriptionItem


@dataclass(frozen=True, slots=True)
class Active:
    """A medicine of an active prescription."""

    medicine: str
    route: Route


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a patient."""

    statement: AllergyStatement
    allergies: tuple[Allergy, ...]
    active: tuple[Active, ...]
    body: Body


def of(session: Session, patient_id: UUID, replaces: Collection[UUID] = ()) -> Facts:
    """Return the facts of a patient. The prescriptions in `replaces` do not count as active."""
    statement, allergies = _allergies(session, patient_id)
    return Facts(statement, allergies, _active(session, patient_id, replaces), _body(session, patient_id))


def _allergies(_session: Session, _patient_id: UUID) -> tuple[AllergyStatement, tuple[Allergy, ...]]:
    return AllergyStatement.UNKNOWN, ()


def _active(session: Session, patient_id: UUID, replaces: Collection[UUID]) -> tuple[Active, ...]:
    query = (
        select(PrescriptionItem.medicine, PrescriptionItem.route)
        .join(Prescription, Prescription.id == PrescriptionItem.prescription_id)
        .where(Prescription.patient_id == patient_id, Prescription.status == PrescriptionStatus.ACTIVE)
        .where(Prescription.id.not_in(list(replaces)))
        .order_by(Prescription.created_at, Prescription.id, PrescriptionItem.position)
    )
    return tuple(Active(medicine, Route(route)) for medicine, route in session.execute(query))


def _body(session: Session, patient_id: UUID) -> Body:
    birth_date = session.scalar(select(Patient.birth_date).where(Patient.id == patient_id))
    today = clock.now().date()
    if birth_date is None:
        return Body(None, None)
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return Body(today.year - birth_date.year - (not had_birthday), None)
