"""List critical alerts: a doctor's own with their values, and all for admins without."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import or_, select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.care import AccessBasis, ChartPart
from contracts.clinical.critical_alerts import CriticalAlertStatus, ListCriticalAlerts, ListMyCriticalAlerts
from services.clinical.care import treatments
from services.clinical.care.access import record_readings
from services.clinical.directory.people import NAME
from services.clinical.models.critical_alerts import CriticalAlert
from services.clinical.models.directory import PERSON
from services.clinical.models.patients import Patient

KEYS = (CriticalAlert.raised_at, CriticalAlert.id)
SHOWN_TO_DOCTORS = (
    CriticalAlert.id,
    CriticalAlert.result_id,
    CriticalAlert.result_version,
    CriticalAlert.order_id,
    CriticalAlert.patient_id,
    Patient.name.label("patient_name"),
    Patient.mrn,
    CriticalAlert.test,
    CriticalAlert.name,
    CriticalAlert.value,
    CriticalAlert.unit,
    CriticalAlert.flag,
    CriticalAlert.step,
    CriticalAlert.raised_at,
)
SHOWN_TO_ADMINS = (
    CriticalAlert.id,
    CriticalAlert.result_id,
    CriticalAlert.order_id,
    CriticalAlert.patient_id,
    CriticalAlert.doctor_id,
    NAME.label("doctor_name"),
    CriticalAlert.status,
    CriticalAlert.step,
    CriticalAlert.raised_at,
    CriticalAlert.closed_at,
)


def list_own(session: Session, actor: Actor, query: ListMyCriticalAlerts) -> Page:
    """List the doctor's open alerts, newest first, and record that their values were read."""
    actor.may_act_for(query.doctor_id)
    treatment = treatments.current()
    treated = select(treatment.c.patient_id).where(treatment.c.doctor_id == query.doctor_id)
    is_own = or_(CriticalAlert.doctor_id == query.doctor_id, CriticalAlert.patient_id.in_(treated))
    statement = (
        select(*SHOWN_TO_DOCTORS)
        .outerjoin(Patient, Patient.id == CriticalAlert.patient_id)
        .where(CriticalAlert.status == CriticalAlertStatus.OPEN, is_own)
    )
    found = page(session, statement, KEYS, limit=query.limit, cursor=query.cursor)
    _record_readings(session, actor, [row.patient_id for row in found.items])
    return found


def list_all(session: Session, _actor: Actor, query: ListCriticalAlerts) -> Page:
    """List the alerts in a state, newest first."""
    statement = (
        select(*SHOWN_TO_ADMINS)
        .outerjoin(PERSON, PERSON.c.id == CriticalAlert.doctor_id)
        .where(CriticalAlert.status == query.status)
    )
    return page(session, statement, KEYS, limit=query.limit, cursor=query.cursor)


def _record_readings(session: Session, actor: Actor, patient_ids: Collection[UUID]) -> None:
    """Record that the doctor read these values. Without a treatment, the order is the reason."""
    bases = treatments.bases(session, actor.person, patient_ids)
    for basis in {*bases.values(), AccessBasis.ORDERED}:
        found = [patient_id for patient_id in patient_ids if bases.get(patient_id, AccessBasis.ORDERED) == basis]
        record_readings(session, actor, found, ChartPart.LABS, basis)
