"""Prescribe medicines, and check them before."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import DOCTOR, PHARMACIST, ChartPart
from contracts.clinical.history import HistoryKind
from contracts.clinical.medicines import CheckOccasion, ChecksView
from contracts.clinical.prescriptions import (
    CheckMedication,
    Prescribe,
    PrescriptionAdded,
    PrescriptionItemView,
    PrescriptionStatus,
)
from services.clinical.care.access import must_treat, open_chart
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.medicines import checks
from services.clinical.medicines.checks import Answers, Checked
from services.clinical.models.prescriptions import Prescription, PrescriptionItem
from services.clinical.prescriptions.queries import shown


def prescribe(session: Session, actor: Actor, command: Prescribe) -> Mapping[str, object]:
    """Prescribe medicines to a patient in the doctor's care, after their check. The event names no medicine."""
    must_treat(session, actor, command.patient_id)
    found = checks.check(session, command.patient_id, [checks.line_of(item) for item in command.items])
    answers = Answers(command.overrides, command.unchecked_reason)
    answered = checks.must_be_answered(found, answers)
    prescription = write(session, actor, command.patient_id, command.items, command.instructions)
    checks.keep(session, actor, Checked(command.patient_id, CheckOccasion.PRESCRIPTION, prescription.id), answered)
    return {**shown(session, [prescription])[0], "checks": answered}


def check(session: Session, actor: Actor, command: CheckMedication) -> ChecksView:
    """Check medicines for a patient of the doctor, or for any patient by a pharmacist."""
    open_chart(session, actor, command.patient_id, ChartPart.PRESCRIPTIONS, DOCTOR | PHARMACIST)
    return checks.check(session, command.patient_id, [checks.line_of(item) for item in command.items])


def write(
    session: Session, actor: Actor, patient_id: UUID, items: Sequence[PrescriptionItemView], instructions: str | None
) -> Prescription:
    """Write a prescription of the doctor, its entry in the patient's history, and its event."""
    prescription = Prescription(
        id=uuid7(),
        patient_id=patient_id,
        doctor_id=actor.person,
        status=PrescriptionStatus.ACTIVE,
        instructions=instructions,
        created_at=clock.now(),
        items=[_item(position, item) for position, item in enumerate(items)],
    )
    session.add(prescription)
    entries.record(session, actor, _entry(prescription, items))
    ids = {"prescription_id": prescription.id, "patient_id": patient_id, "doctor_id": prescription.doctor_id}
    session.publish(PrescriptionAdded(**ids))
    return prescription


def _entry(prescription: Prescription, items: Sequence[PrescriptionItemView]) -> Entry:
    names = ", ".join(item.medicine for item in items)
    details = {
        "status": prescription.status,
        "items": [PrescriptionItemView.dump_one(item) for item in items],
        "instructions": prescription.instructions,
    }
    return Entry(prescription.patient_id, HistoryKind.PRESCRIPTION, prescription.id, f"Prescribed: {names}", details)


def _item(position: int, item: PrescriptionItemView) -> PrescriptionItem:
    facts = item.given()
    del facts["dose"]
    dose = {"dose_value": item.dose.value, "dose_unit": item.dose.unit}
    return PrescriptionItem(id=uuid7(), position=position, **dose, **facts)
