"""List prescriptions."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.prescriptions import ListMyPrescriptions, ListPrescriptionsOfPatient
from services.clinical.care.access import must_treat
from services.clinical.models.prescriptions import Prescription


def list_own(session: Session, actor: Actor, query: ListMyPrescriptions) -> Page:
    """List the patient's own prescriptions, newest first."""
    actor.may_act_for(query.patient_id)
    return _page(session, query)


def list_of_patient(session: Session, actor: Actor, query: ListPrescriptionsOfPatient) -> Page:
    """List all prescriptions of a patient in the doctor's care, newest first."""
    must_treat(session, actor, query.patient_id)
    return _page(session, query)


def _page(session: Session, query: ListMyPrescriptions | ListPrescriptionsOfPatient) -> Page:
    """Read a page in two statements: the prescriptions and their items."""
    own = select(Prescription).where(Prescription.patient_id == query.patient_id)
    statement = own.options(selectinload(Prescription.items))
    keys = (Prescription.created_at, Prescription.id)
    return page(session, statement, keys, limit=query.limit, cursor=query.cursor, whole=True)
