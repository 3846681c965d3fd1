"""The summary of a chart: what counts now, in a fixed number of statements."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import ChartPart
from contracts.clinical.charts import GetChart
from contracts.refusals import NO_SUCH_PATIENT
from services.clinical import versions
from services.clinical.allergies.queries import current_allergies
from services.clinical.care.access import open_chart
from services.clinical.care.rules import AFTER_VISIT
from services.clinical.conditions.queries import current_conditions
from services.clinical.directory import people
from services.clinical.labs.queries import open_results
from services.clinical.models.care import CareRelation
from services.clinical.patients import registry
from services.clinical.prescriptions.queries import active_of
from services.clinical.vitals.queries import latest_vitals

MOST_APPOINTMENTS = 50
APPOINTMENT = (
    CareRelation.appointment_id.label("id"),
    CareRelation.doctor_id,
    CareRelation.starts_at,
    CareRelation.ends_at,
)


def get(session: Session, actor: Actor, query: GetChart) -> dict[str, object]:
    """Read the chart of a patient, and record the reading."""
    open_chart(session, actor, query.patient_id, ChartPart.SUMMARY)
    patient = registry.find(session, query.patient_id, unknown=NO_SUCH_PATIENT.not_yet)
    known = current_allergies(session, query.patient_id)
    return {
        "patient": patient,
        "allergies": versions.shown_all(session, known.allergies),
        "no_known_allergies": known.no_known_allergies,
        "conditions": versions.shown_all(session, current_conditions(session, query.patient_id)),
        "prescriptions": active_of(session, query.patient_id),
        "vitals": latest_vitals(session, query.patient_id),
        "open_results": open_results(session, query.patient_id),
        "appointments": _appointments(session, query.patient_id),
    }


def _appointments(session: Session, patient_id: UUID) -> Sequence[Mapping[str, object]]:
    """Return the confirmed appointments of the last 30 days and the future, earliest first."""
    query = select(*APPOINTMENT).where(
        CareRelation.patient_id == patient_id,
        CareRelation.ends_at > clock.now() - AFTER_VISIT,
        CareRelation.until > clock.now(),
    )
    found = session.execute(query.order_by(CareRelation.starts_at, CareRelation.id).limit(MOST_APPOINTMENTS)).all()
    names = people.names_of(session, (row.doctor_id for row in found))
    return [{**row._asdict(), "doctor_name": names.get(row.doctor_id)} for row in found]
