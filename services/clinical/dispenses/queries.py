"""The queue of the pharmacy: prescriptions of which something can be dispensed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.care import AccessBasis, ChartPart
from contracts.clinical.dispenses import ListDispenseQueue
from contracts.clinical.prescriptions import PrescribedItemView, PrescriptionStatus
from services.clinical.allergies.queries import is_current
from services.clinical.care.access import record_readings
from services.clinical.models.allergies import Allergy
from services.clinical.models.dispenses import DeclinedDispense, Dispense
from services.clinical.models.patients import Patient
from services.clinical.models.prescriptions import Prescription, PrescriptionItem, Supply
from services.clinical.prescriptions.queries import LOADED, shown

Facts = Mapping[str, object]
ITEM_FACTS = tuple(PrescribedItemView.declared())
"""The columns and properties of a prescribed medicine that callers see."""

UNKNOWN_PERSON: Facts = {"patient_name": None, "birth_date": None, "mrn": None}
NO_ALLERGIES: Facts = {"allergies": 0, "no_known_allergies": False}
NOT_DECLINED: Facts = {"declined_reason": None, "declined_at": None}


def list_queue(session: Session, actor: Actor, query: ListDispenseQueue) -> Page:
    """List the queue in six statements, and record the readings for the patients."""
    is_queue = query.status == PrescriptionStatus.ACTIVE
    statement = select(Prescription).where(Prescription.status == query.status)
    if is_queue:
        statement = statement.where(_can_be_dispensed(clock.now()))
    found = page(
        session,
        statement.options(*LOADED),
        (Prescription.created_at, Prescription.id),
        limit=query.limit,
        cursor=query.cursor,
        newest_first=not is_queue,
        whole=True,
    )
    patients = [prescription.patient_id for prescription in found.items]
    record_readings(session, actor, patients, ChartPart.PRESCRIPTIONS, AccessBasis.PHARMACY)
    return Page(_shown(session, found.items), found.next)


def _can_be_dispensed(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a fill is open, and that the patient is alive."""
    is_gone = Patient.deceased_at.is_not(None) | Patient.erased_at.is_not(None)
    gone = exists().where(Patient.id == Prescription.patient_id, is_gone)
    return exists().where(Supply.prescription_id == Prescription.id, Supply.opens_at <= now) & ~gone


def _shown(session: Session, prescriptions: Sequence[Prescription]) -> list[Facts]:
    patients = {prescription.patient_id for prescription in prescriptions}
    people, allergies = _people(session, patients), _allergies(session, patients)
    declines = _declines(session, [prescription.id for prescription in prescriptions])
    now = clock.now()
    return [
        {
            **facts,
            **(people.get(prescription.patient_id) or UNKNOWN_PERSON),
            **(allergies.get(prescription.patient_id) or NO_ALLERGIES),
            **(declines.get(prescription.id) or NOT_DECLINED),
            "items": [_item(item, now) for item in prescription.items],
            "fills_left": max(item.fills_left for item in prescription.items),
        }
        for prescription, facts in zip(prescriptions, shown(session, prescriptions), strict=True)
    ]


def _item(item: PrescriptionItem, now: datetime) -> Facts:
    return {
        **{name: getattr(item, name) for name in ITEM_FACTS},
        "position": item.position,
        "left": item.left(now),
    }


def _people(session: Session, patient_ids: Collection[UUID]) -> Mapping[UUID, Facts]:
    """Return the names, birth dates and record numbers of patients."""
    query = select(Patient.id, Patient.name, Patient.birth_date, Patient.mrn).where(Patient.id.in_(patient_ids))
    return {
        row.id: {"patient_name": row.name, "birth_date": row.birth_date, "mrn": row.mrn}
        for row in session.execute(query)
    }


def _allergies(session: Session, patient_ids: Collection[UUID]) -> Mapping[UUID, Facts]:
    """Return how many allergies the charts have, or whether they state that there are none."""
    known = (~Allergy.no_known_allergies).label("known")
    query = select(Allergy.patient_id, known, func.count()).where(Allergy.patient_id.in_(patient_ids), is_current())
    found: dict[UUID, dict[str, object]] = {}
    for patient_id, is_allergy, count in session.execute(query.group_by(Allergy.patient_id, known)):
        facts = found.setdefault(patient_id, dict(NO_ALLERGIES))
        facts |= {"allergies": count} if is_allergy else {"no_known_allergies": True}
    return found


def _declines(session: Session, prescription_ids: Collection[UUID]) -> Mapping[UUID, Facts]:
    """Return the last refusal of each prescription of which nothing was dispensed since."""
    declined, own = DeclinedDispense, DeclinedDispense.prescription_id
    is_answered = exists().where(Dispense.prescription_id == own, Dispense.dispensed_at > declined.declined_at)
    query = select(own, declined.reason, declined.declined_at).where(own.in_(prescription_ids), ~is_answered)
    return {
        prescription_id: {"declined_reason": reason, "declined_at": declined_at}
        for prescription_id, reason, declined_at in session.execute(query.order_by(declined.id))
    }
