"""Prescriptions: written by doctors for those in their care, read by both."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.database import Session
from chassis.identity import Actor
from chassis.paging import page
from contracts.clinical import PrescriptionAdded
from services.clinical import care
from services.clinical.models import Prescription, PrescriptionItem


def prescribe(
    session: Session, actor: Actor, *, patient_id: UUID, items: list[dict[str, Any]], instructions: str | None
) -> Prescription:
    """Prescribe medicines; the event says that, and not which. NotFound: no such patient in one's care."""
    care.must_treat(session, actor, patient_id)
    prescription = Prescription(
        id=uuid7(),
        patient_id=patient_id,
        doctor_id=actor.person,
        status="active",
        instructions=instructions,
        created_at=clock.now(),
        items=[_item(position, fields) for position, fields in enumerate(items)],
    )
    session.add(prescription)
    event = PrescriptionAdded(prescription_id=prescription.id, patient_id=patient_id, doctor_id=prescription.doctor_id)
    session.publish(event)
    return prescription


def _item(position: int, fields: dict[str, Any]) -> PrescriptionItem:
    dose, others = fields["dose"], {name: value for name, value in fields.items() if name != "dose"}
    return PrescriptionItem(id=uuid7(), position=position, dose_value=dose["value"], dose_unit=dose["unit"], **others)


def own(session: Session, actor: Actor, *, patient_id: UUID, limit: int, cursor: str | None) -> Page:
    """The patient's own prescriptions, newest first. NotFound: somebody else's."""
    actor.may_act_for(patient_id)
    return _listing(session, patient_id, limit, cursor)


def of_patient(session: Session, actor: Actor, *, patient_id: UUID, limit: int, cursor: str | None) -> Page:
    """The prescriptions of a patient, newest first, whoever wrote them. NotFound: not in one's care."""
    care.must_treat(session, actor, patient_id)
    return _listing(session, patient_id, limit, cursor)


def _listing(session: Session, patient_id: UUID, limit: int, cursor: str | None) -> Page:
    """Two statements, however many prescriptions and items."""
    query = select(Prescription).where(Prescription.patient_id == patient_id).options(selectinload(Prescription.items))
    keys = (Prescription.created_at, Prescription.id)
    return page(session, query, keys, limit=limit, cursor=cursor, whole=True)
