"""Read visit notes."""

from collections.abc import Mapping

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import ChartPart
from contracts.clinical.records import GetRecord, ListRecords
from services.clinical import versions
from services.clinical.care.access import open_chart
from services.clinical.models.records import ClinicalRecord


def list_of_patient(session: Session, actor: Actor, query: ListRecords) -> Page:
    """List the visit notes of a patient in their current versions, newest first."""
    open_chart(session, actor, query.patient_id, ChartPart.RECORDS)
    return versions.page_of_current(
        session, ClinicalRecord, query.patient_id, limit=query.limit, cursor=query.cursor, kind=query.kind
    )


def get(session: Session, actor: Actor, query: GetRecord) -> Mapping[str, object]:
    """Get a visit note with all its versions."""
    open_chart(session, actor, query.patient_id, ChartPart.RECORDS)
    return versions.with_versions(session, ClinicalRecord, query.patient_id, query.record_id)
