"""List prescriptions, and lock one of them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.care import CARERS, PHARMACIST, ChartPart
from contracts.clinical.prescriptions import ListMyPrescriptions, ListPrescriptionsOfPatient, PrescriptionStatus
from services.clinical.care.access import open_chart
from services.clinical.directory.people import names_of
from services.clinical.models.prescriptions import Prescription, PrescriptionItem

LOADED = (
    joinedload(Prescription.end),
    selectinload(Prescription.items).joinedload(PrescriptionItem.supply),
)
"""The relations that a shown prescription needs, in two statements."""

MOST_ACTIVE = 100
"""The most active prescriptions in the summary of a chart."""


def list_own(session: Session, actor: Actor, query: ListMyPrescriptions) -> Page:
    """List the patient's own prescriptions, newest first."""
    actor.may_act_for(query.patient_id)
    return _page(session, query)


def list_of_patient(session: Session, actor: Actor, query: ListPrescriptionsOfPatient) -> Page:
    """List all prescriptions of a patient, newest first."""
    open_chart(session, actor, query.patient_id, ChartPart.PRESCRIPTIONS, CARERS | PHARMACIST)
    return _page(session, query)


def locked(session: Session, prescription_id: UUID) -> Prescription | None:
    """Return a prescription with its items, behind the patient's lock, which each change of its status holds."""
    own = Prescription.id == prescription_id
    patient_id = session.scalar(select(Prescription.patient_id).where(own))
    if patient_id is None:
        return None
    session.lock_people(patient_id)
    query = select(Prescription).where(own).options(*LOADED)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def shown(session: Session, prescriptions: Sequence[Prescription]) -> list[Mapping[str, object]]:
    """Return prescriptions, loaded with `LOADED`, as callers see them: with the names of the doctors."""
    names = names_of(session, (prescription.doctor_id for prescription in prescriptions))
    return [
        {
            "id": prescription.id,
            "patient_id": prescription.patient_id,
            "doctor_id": prescription.doctor_id,
            "doctor_name": names.get(prescription.doctor_id),
            "status": prescription.status,
            "items": prescription.items,
            "instructions": prescription.instructions,
            "created_at": prescription.created_at,
            "supersedes_id": prescription.supersedes_id,
            "ended_at": prescription.ended_at,
            "end_reason": prescription.end_reason,
        }
        for prescription in prescriptions
    ]


def _page(session: Session, query: ListMyPrescriptions | ListPrescriptionsOfPatient) -> Page:
    """Read a page in three statements: the prescriptions, their items, and the names of the doctors."""
    own = select(Prescription).where(Prescription.patient_id == query.patient_id)
    statement = own.options(*LOADED)
    keys = (Prescription.created_at, Prescription.id)
    found = page(session, statement, keys, limit=query.limit, cursor=query.cursor, whole=True)
    return Page(list(shown(session, found.items)), found.next)


def active_of(session: Session, patient_id: UUID) -> list[Mapping[str, object]]:
    """Return the active prescriptions of a patient, newest first. The caller has checked the access."""
    is_active = Prescription.status == PrescriptionStatus.ACTIVE
    query = select(Prescription).where(Prescription.patient_id == patient_id, is_active)
    query = query.order_by(Prescription.created_at.desc(), Prescription.id.desc()).limit(MOST_ACTIVE)
    return shown(session, session.scalars(query.options(*LOADED)).all())
