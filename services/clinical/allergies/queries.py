"""Read the allergies of a patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from chassis.persistence.database import Session
from contracts.clinical.allergies import AllergyCertainty, AllergyStatus
from services.clinical.models.allergies import Allergy


@dataclass(frozen=True, slots=True)
class CurrentAllergies:
    """The allergies of a patient that count now. An empty `allergies` without the statement means unknown."""

    allergies: Sequence[Allergy]
    """Each with `substance`, `reaction`, `severity`, `certainty` and `timing`; only the first is never null."""
    no_known_allergies: bool
    """Whether a doctor or nurse has stated that there are none."""


def current_allergies(session: Session, patient_id: UUID) -> CurrentAllergies:
    """Return the allergies that are neither refuted nor entered in error, oldest first, in one statement."""
    query = select(Allergy).where(
        Allergy.patient_id == patient_id,
        Allergy.superseded_by.is_(None),
        Allergy.status == AllergyStatus.ACTIVE,
        Allergy.certainty.is_distinct_from(AllergyCertainty.REFUTED),
    )
    found = session.scalars(query.order_by(Allergy.id)).all()
    standing = [one for one in found if not one.no_known_allergies]
    return CurrentAllergies(standing, len(standing) < len(found))
