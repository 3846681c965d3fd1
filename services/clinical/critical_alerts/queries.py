"""List critical alerts: a doctor's own with their values, and all for admins without."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, String, literal, or_, select, union_all
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.care import AccessBasis, ChartPart
from contracts.clinical.critical_alerts import CriticalAlertStatus, ListCriticalAlerts, ListMyCriticalAlerts
from services.clinical.directory.people import NAME
from services.clinical.models.care import Assignment, BreakGlass, CareRelation, ChartAccess
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
    treated = select(_bases(query.doctor_id).subquery().c.patient_id)
    is_own = or_(CriticalAlert.doctor_id == query.doctor_id, CriticalAlert.patient_id.in_(treated))
    statement = (
        select(*SHOWN_TO_DOCTORS)
        .outerjoin(Patient, Patient.id == CriticalAlert.patient_id)
        .where(CriticalAlert.status == CriticalAlertStatus.OPEN, is_own)
    )
    found = page(session, statement, KEYS, limit=query.limit, cursor=query.cursor)
    _record_reading(session, query.doctor_id, {row.patient_id for row in found.items})
    return found


def list_all(session: Session, _actor: Actor, query: ListCriticalAlerts) -> Page:
    """List the alerts in a state, newest first."""
    statement = (
        select(*SHOWN_TO_ADMINS)
        .outerjoin(PERSON, PERSON.c.id == CriticalAlert.doctor_id)
        .where(CriticalAlert.status == query.status)
    )
    return page(session, statement, KEYS, limit=query.limit, cursor=query.cursor)


def _bases(doctor_id: UUID) -> CompoundSelect[UUID, str]:
    """Select the patients in the doctor's care, each with the reason."""
    now = clock.now()

    def basis(
        reason: AccessBasis, model: type[CareRelation | Assignment | BreakGlass], *valid: ColumnElement[bool]
    ) -> Select[UUID, str]:
        shown = select(model.patient_id, literal(reason.value, String).label("basis"))
        return shown.where(model.doctor_id == doctor_id, *valid)

    return union_all(
        basis(AccessBasis.APPOINTMENT, CareRelation, CareRelation.from_ <= now, CareRelation.until > now),
        basis(AccessBasis.ASSIGNMENT, Assignment, Assignment.ended_at.is_(None)),
        basis(AccessBasis.BREAK_GLASS, BreakGlass, BreakGlass.until > now),
    )


def _record_reading(session: Session, doctor_id: UUID, patient_ids: Iterable[UUID]) -> None:
    """Add a row to the access log of each patient."""
    known: Mapping[UUID, str] = {}
    patient_ids = set(patient_ids)
    if patient_ids:
        found = _bases(doctor_id).subquery()
        rows = session.execute(select(found).where(found.c.patient_id.in_(patient_ids)))
        order = list(AccessBasis)
        known = {row.patient_id: row.basis for row in sorted(rows, key=lambda row: -order.index(row.basis))}
    for patient_id in sorted(patient_ids):
        facts = {"patient_id": patient_id, "reader_id": doctor_id, "part": ChartPart.LABS, "at": clock.now()}
        session.append(ChartAccess, id=uuid7(), basis=known.get(patient_id, AccessBasis.ORDERED), **facts)
