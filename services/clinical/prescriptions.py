"""Prescriptions: written by doctors for those in their care, read by both."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.paging import page
from contracts.clinical.prescriptions import (
    ListMyPrescriptions,
    ListPrescriptionsOfPatient,
    Prescribe,
    PrescriptionAdded,
    PrescriptionItemView,
)
from services.clinical import care
from services.clinical.models.prescriptions import Prescription, PrescriptionItem


def prescribe(session: Session, actor: Actor, command: Prescribe) -> Prescription:
    """Prescribe medicines; the event says that, and not which."""
    care.must_treat(session, actor, command.patient_id)
    prescription = Prescription(
        id=uuid7(),
        patient_id=command.patient_id,
        doctor_id=actor.person,
        status="active",
        instructions=command.instructions,
        created_at=clock.now(),
        items=[_item(position, item) for position, item in enumerate(command.items)],
    )
    session.add(prescription)
    event = PrescriptionAdded(
        prescription_id=prescription.id, patient_id=command.patient_id, doctor_id=prescription.doctor_id
    )
    session.publish(event)
    return prescription


def _item(position: int, item: PrescriptionItemView) -> PrescriptionItem:
    facts = item.given()
    dose = facts.pop("dose")
    return PrescriptionItem(id=uuid7(), position=position, dose_value=dose.value, dose_unit=dose.unit, **facts)


def own(session: Session, actor: Actor, query: ListMyPrescriptions) -> Page:
    """The patient's own prescriptions, newest first."""
    actor.may_act_for(query.patient_id)
    return _listing(session, query.patient_id, query.limit, query.cursor)


def of_patient(session: Session, actor: Actor, query: ListPrescriptionsOfPatient) -> Page:
    """The prescriptions of a patient, newest first, whoever wrote them."""
    care.must_treat(session, actor, query.patient_id)
    return _listing(session, query.patient_id, query.limit, query.cursor)


def _listing(session: Session, patient_id: UUID, limit: int, cursor: str | None) -> Page:
    """Two statements, however many prescriptions and items."""
    query = select(Prescription).where(Prescription.patient_id == patient_id).options(selectinload(Prescription.items))
    keys = (Prescription.created_at, Prescription.id)
    return page(session, query, keys, limit=limit, cursor=cursor, whole=True)
