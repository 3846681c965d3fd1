"""The facts of a patient that a check of medicines needs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.persistence.database import Session
from contracts.clinical.medicines import AllergyStatement
from contracts.clinical.prescriptions import PrescriptionStatus, Route
from services.clinical.allergies.queries import current_allergies
from services.clinical.medicines.doses import Body
from services.clinical.medicines.rules import Allergy, is_severe_delayed
from services.clinical.models import allergies as models
from services.clinical.models.patients import Patient
from services.clinical.models.prescriptions import Prescription, PrescriptionItem
from services.clinical.vitals.queries import latest_weight

WEIGHT_LASTS = timedelta(days=30)
"""The age of a weight at which doses per kg are no longer checked against it."""


@dataclass(frozen=True, slots=True)
class Active:
    """A medicine of an active prescription."""

    medicine: str
    route: Route


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about a patient that checks use."""

    statement: AllergyStatement
    allergies: tuple[Allergy, ...]
    active: tuple[Active, ...]
    body: Body


def of(session: Session, patient_id: UUID, replaces: Collection[UUID] = ()) -> Facts:
    """Return the facts of a patient. The prescriptions in `replaces` do not count as active."""
    statement, allergies = _allergies(session, patient_id)
    return Facts(statement, allergies, _active(session, patient_id, replaces), _body(session, patient_id))


def _allergies(session: Session, patient_id: UUID) -> tuple[AllergyStatement, tuple[Allergy, ...]]:
    found = current_allergies(session, patient_id)
    if found.allergies:
        return AllergyStatement.RECORDED, tuple(_allergy(row) for row in found.allergies)
    stated = AllergyStatement.NO_KNOWN_ALLERGIES if found.no_known_allergies else AllergyStatement.UNKNOWN
    return stated, ()


def _allergy(row: models.Allergy) -> Allergy:
    severe_delayed = is_severe_delayed(row.severity, row.timing, row.reaction)
    return Allergy(row.substance or "", row.reaction or "", severe_delayed)


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
    weight = latest_weight(session, patient_id)
    is_recent = weight is not None and clock.now() - weight.measured_at < WEIGHT_LASTS
    age = None if birth_date is None else age_at(birth_date, clock.now().date())
    return Body(age, weight.kg if weight is not None and is_recent else None)


def age_at(birth_date: date, today: date) -> int:
    """Return the age in completed years."""
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (not had_birthday)
