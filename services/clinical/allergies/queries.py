"""Read the allergies of a patient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.allergies import AllergyCertainty, AllergyStatus, GetAllergy, ListAllergies
from contracts.clinical.care import CARERS, PHARMACIST, ChartPart
from services.clinical import versions
from services.clinical.care.access import open_chart
from services.clinical.models.allergies import Allergy

READERS = CARERS | PHARMACIST


@dataclass(frozen=True, slots=True)
class CurrentAllergies:
    """The allergies of a patient that count now. An empty `allergies` without the statement means unknown."""

    allergies: Sequence[Allergy]
    """Each with `substance`, `reaction`, `severity`, `certainty` and `timing`; only the first is never null."""
    no_known_allergies: bool
    """Whether a doctor or nurse has stated that there are none."""


def is_current() -> ColumnElement[bool]:
    """Return the condition that an allergy, or the statement that there is none, counts now."""
    is_refuted = Allergy.certainty.is_not_distinct_from(AllergyCertainty.REFUTED)
    return and_(Allergy.superseded_by.is_(None), Allergy.status == AllergyStatus.ACTIVE, ~is_refuted)


def current_allergies(session: Session, patient_id: UUID) -> CurrentAllergies:
    """Return the allergies that are neither refuted nor entered in error, oldest first, in one statement."""
    query = select(Allergy).where(Allergy.patient_id == patient_id, is_current())
    found = session.scalars(query.order_by(Allergy.id)).all()
    standing = [one for one in found if not one.no_known_allergies]
    return CurrentAllergies(standing, len(standing) < len(found))


def list_of_patient(session: Session, actor: Actor, query: ListAllergies) -> Page:
    """List the allergies of a patient in their current versions, newest first."""
    open_chart(session, actor, query.patient_id, ChartPart.ALLERGIES, READERS)
    return versions.page_of_current(session, Allergy, query.patient_id, limit=query.limit, cursor=query.cursor)


def get(session: Session, actor: Actor, query: GetAllergy) -> Mapping[str, object]:
    """Get an allergy with all its versions."""
    open_chart(session, actor, query.patient_id, ChartPart.ALLERGIES, READERS)
    return versions.with_versions(session, Allergy, query.patient_id, query.allergy_id)
