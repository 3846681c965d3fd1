"""Dispense medicines of prescriptions from the stock, or decline to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.dispenses import (
    DeclineDispense,
    Dispense,
    DispenseDeclined,
    DispenseItemView,
    DispenseLineView,
    MedicineDispensed,
)
from contracts.clinical.history import HistoryKind
from contracts.clinical.inventory.views import NO_SUCH_ITEM
from contracts.clinical.medicines import CheckOccasion, ChecksView, OverrideKind, OverrideView
from contracts.clinical.prescriptions import NO_SUCH_PRESCRIPTION, PrescriptionStatus
from services.clinical.dispenses.matches import Match, count, match
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.inventory import batches
from services.clinical.medicines import checks
from services.clinical.medicines.checks import Answers, Checked
from services.clinical.models import dispenses as models
from services.clinical.models.inventory import Item
from services.clinical.models.medicines import MedicationCheck, MedicationFinding
from services.clinical.models.prescriptions import Prescription
from services.clinical.prescriptions.drafts import names_of
from services.clinical.prescriptions.queries import locked

Lines = Sequence[DispenseLineView]


def dispense(session: Session, actor: Actor, command: Dispense) -> Mapping[str, object]:
    """Dispense one fill, or a part of it, after a check. The patient's lock and that of the items hold until commit."""
    prescription = _active(session, command.prescription_id)
    matches = _matches(session, prescription, command.items)
    count(matches)
    answered = _checked(session, prescription, command.unchecked_reason)
    dispense_id, now = uuid7(), clock.now()
    session.append(
        models.Dispense,
        id=dispense_id,
        prescription_id=prescription.id,
        patient_id=prescription.patient_id,
        dispensed_by=actor.person,
        dispensed_at=now,
    )
    lines = _take(session, actor, prescription, dispense_id, matches)
    checked = Checked(prescription.patient_id, CheckOccasion.DISPENSE, dispense_id)
    checks.keep(session, actor, checked, answered)
    _announce(session, actor, prescription, dispense_id, lines)
    return {
        "id": dispense_id,
        "prescription_id": prescription.id,
        "patient_id": prescription.patient_id,
        "lines": lines,
        "checks": answered,
        "dispensed_by": actor.person,
        "dispensed_at": now,
    }


def _active(session: Session, prescription_id: UUID) -> Prescription:
    """Return an active prescription behind the patient's lock."""
    prescription = locked(session, prescription_id)
    if prescription is None:
        raise NO_SUCH_PRESCRIPTION()
    prescription.must_be_active()
    return prescription


def _matches(session: Session, prescription: Prescription, wanted: Sequence[DispenseItemView]) -> list[Match]:
    """Lock the items, and match each with a medicine of the prescription."""
    ids = {one.item_id for one in wanted}
    batches.lock(session, ids)
    items = {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(ids)))}
    if ids - items.keys():
        raise NO_SUCH_ITEM()
    return [match(prescription.items, items[one.item_id], one) for one in wanted]


def _checked(session: Session, prescription: Prescription, unchecked_reason: str | None) -> ChecksView:
    """Check the whole prescription again. Only overrides of doctors in active prescriptions answer findings."""
    lines = [checks.line_of_row(item) for item in prescription.items]
    found = checks.check(session, prescription.patient_id, lines, replaces=[prescription.id])
    reasons = _overrides(session, prescription.patient_id)
    overrides = [OverrideView(finding=finding, reason=reason) for finding, reason in reasons.items()]
    reason = unchecked_reason or reasons.get(OverrideKind.UNCHECKED)
    return checks.must_be_answered(found, Answers(overrides, reason))


def _overrides(session: Session, patient_id: UUID) -> dict[str, str]:
    """Return the reasons of doctors to override findings, by finding, from active prescriptions."""
    query = (
        select(MedicationFinding.finding, MedicationFinding.override_reason)
        .join(MedicationCheck, MedicationCheck.id == MedicationFinding.check_id)
        .join(Prescription, Prescription.id == MedicationCheck.record_id)
        .where(Prescription.patient_id == patient_id, Prescription.status == PrescriptionStatus.ACTIVE)
        .where(MedicationFinding.override_reason.is_not(None))
        .order_by(MedicationFinding.id)
    )
    return {finding: reason for finding, reason in session.execute(query) if reason is not None}


def _take(
    session: Session, actor: Actor, prescription: Prescription, dispense_id: UUID, matches: Sequence[Match]
) -> Lines:
    """Take the stock, and write a line for each batch."""
    lines: list[DispenseLineView] = []
    for one in matches:
        taken = batches.take(session, actor, one.item.id, one.quantity, dispense_id, prescription.patient_id)
        for part in taken:
            line = DispenseLineView(
                prescription_item=one.prescribed.position,
                item_id=one.item.id,
                medicine=one.item.name,
                batch=part.batch,
                expires_on=part.expires_on,
                quantity=part.quantity,
                units_per_dose=one.strength.units_per_dose,
                strength_reason=one.strength.reason,
            )
            facts = {name: value for name, value in line.given().items() if name != "prescription_item"}
            keys = {"prescription_item_id": one.prescribed.id, "batch_id": part.batch_id}
            session.append(models.DispenseLine, dispense_id=dispense_id, position=len(lines), **keys, **facts)
            lines.append(line)
    return lines


def _announce(session: Session, actor: Actor, prescription: Prescription, dispense_id: UUID, lines: Lines) -> None:
    """Write the entry in the patient's history, and publish the event, which names no medicine."""
    names = ", ".join(dict.fromkeys(line.medicine for line in lines))
    details = {
        "prescription_id": str(prescription.id),
        "lines": [
            {
                "medicine": line.medicine,
                "batch": line.batch,
                "expires_on": line.expires_on.isoformat(),
                "quantity": line.quantity,
                "units_per_dose": line.units_per_dose,
                "strength_reason": line.strength_reason,
            }
            for line in lines
        ],
    }
    entry = Entry(prescription.patient_id, HistoryKind.DISPENSE, dispense_id, f"Dispensed: {names}", details)
    entries.record(session, actor, entry)
    quantities = Counter[UUID]()
    for line in lines:
        quantities[line.item_id] += line.quantity
    event = MedicineDispensed(
        dispense_id=dispense_id,
        prescription_id=prescription.id,
        patient_id=prescription.patient_id,
        item_ids=list(quantities),
        quantities=list(quantities.values()),
        dispensed_at=clock.now(),
    )
    session.publish(event)


def decline(session: Session, actor: Actor, command: DeclineDispense) -> models.DeclinedDispense:
    """Decline to dispense an active prescription, with a reason for its doctor and the patient."""
    prescription = _active(session, command.prescription_id)
    declined = models.DeclinedDispense(
        id=uuid7(),
        prescription_id=prescription.id,
        patient_id=prescription.patient_id,
        reason=command.reason,
        declined_by=actor.person,
        declined_at=clock.now(),
    )
    session.add(declined)
    title = f"Not dispensed: {names_of(prescription)}"
    details = {"prescription_id": str(prescription.id), "reason": command.reason}
    entry = Entry(prescription.patient_id, HistoryKind.DISPENSE, declined.id, title, details)
    entries.record(session, actor, entry)
    event = DispenseDeclined(
        prescription_id=prescription.id, patient_id=prescription.patient_id, doctor_id=prescription.doctor_id
    )
    session.publish(event)
    return declined
