"""List overridden findings."""

from sqlalchemy import select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.medicines import ListMedicationOverrides
from services.clinical.directory.people import names_of
from services.clinical.models.medicines import MedicationCheck, MedicationFinding

SHOWN = (
    MedicationFinding.id,
    MedicationCheck.patient_id,
    MedicationCheck.occasion,
    MedicationCheck.record_id,
    MedicationFinding.finding,
    MedicationFinding.kind,
    MedicationFinding.severity,
    MedicationFinding.text,
    MedicationFinding.source,
    MedicationFinding.override_reason.label("reason"),
    MedicationCheck.data_version,
    MedicationCheck.author_id,
    MedicationCheck.at,
)


def list_overrides(session: Session, _actor: Actor, query: ListMedicationOverrides) -> Page:
    """List overridden findings, newest first, in two statements. Ids of findings ascend with time."""
    statement = (
        select(*SHOWN)
        .join(MedicationCheck, MedicationCheck.id == MedicationFinding.check_id)
        .where(MedicationFinding.override_reason.is_not(None))
    )
    if query.patient_id is not None:
        statement = statement.where(MedicationCheck.patient_id == query.patient_id)
        session.note(record_id=query.patient_id)
    found = page(session, statement, (MedicationFinding.id,), limit=query.limit, cursor=query.cursor)
    names = names_of(session, (row.author_id for row in found.items))
    return Page([{**row._mapping, "author_name": names.get(row.author_id)} for row in found.items], found.next)  # noqa: SLF001  the documented mapping of a row
