"""Prescribe medicines."""

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import Prescribe, PrescriptionAdded, PrescriptionItemView, PrescriptionStatus
from services.clinical.care.access import must_treat
from services.clinical.models.prescriptions import Prescription, PrescriptionItem


def prescribe(session: Session, actor: Actor, command: Prescribe) -> Prescription:
    """Prescribe medicines to a patient in the doctor's care. The event names no medicine."""
    must_treat(session, actor, command.patient_id)
    prescription = Prescription(
        id=uuid7(),
        patient_id=command.patient_id,
        doctor_id=actor.person,
        status=PrescriptionStatus.ACTIVE,
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
    del facts["dose"]
    dose = {"dose_value": item.dose.value, "dose_unit": item.dose.unit}
    return PrescriptionItem(id=uuid7(), position=position, **dose, **facts)
