"""Prescriptions about to be written: checked, written with their history and event, in place of a former one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from contracts.clinical.history import HistoryKind
from contracts.clinical.medicines import CheckOccasion, ChecksView
from contracts.clinical.prescriptions import (
    ALREADY_SUPERSEDED,
    DoseView,
    PrescriptionAdded,
    PrescriptionItemView,
    PrescriptionStatus,
    Route,
)
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.medicines import checks
from services.clinical.medicines.checks import Answers, Checked
from services.clinical.models.prescriptions import Prescription, PrescriptionItem, Supply
from services.clinical.prescriptions import rules
from services.clinical.prescriptions.queries import shown
from services.clinical.prescriptions.rules import Fill


@dataclass(frozen=True, slots=True)
class Draft:
    """A prescription before its check. `title` opens its entry in the patient's history."""

    patient_id: UUID
    items: Sequence[PrescriptionItemView]
    instructions: str | None
    title: str = "Prescribed"
    replaces: Prescription | None = None
    """The former prescription, behind the patient's lock."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A written prescription, and its check."""

    prescription: Prescription
    checks: ChecksView

    def shown(self, session: Session) -> Mapping[str, object]:
        """Return the prescription as its doctor sees it."""
        return {**shown(session, [self.prescription])[0], "checks": self.checks}


def issue(session: Session, actor: Actor, draft: Draft, answers: Answers) -> Issued:
    """Check a draft, and write it with the check. An active former prescription becomes superseded."""
    former = draft.replaces
    lines = [checks.line_of(item) for item in draft.items]
    found = checks.check(session, draft.patient_id, lines, replaces=[former.id] if former else [])
    answered = checks.must_be_answered(found, answers)
    if former is not None and former.status == PrescriptionStatus.ACTIVE:
        former.finish(PrescriptionStatus.SUPERSEDED, actor.person, clock.now(), None)
    prescription = _write(session, actor, draft)
    checks.keep(session, actor, Checked(draft.patient_id, CheckOccasion.PRESCRIPTION, prescription.id), answered)
    return Issued(prescription, answered)


def _write(session: Session, actor: Actor, draft: Draft) -> Prescription:
    """Write a prescription, its entry in the patient's history, and its event, which names no medicine."""
    prescription = Prescription(
        id=uuid7(),
        patient_id=draft.patient_id,
        doctor_id=actor.person,
        status=PrescriptionStatus.ACTIVE,
        instructions=draft.instructions,
        created_at=clock.now(),
        supersedes_id=draft.replaces.id if draft.replaces else None,
        end=None,
    )
    prescription.items = [_item(prescription, position, item) for position, item in enumerate(draft.items)]
    with refusing(session, {"uq_prescription_supersedes_id": ALREADY_SUPERSEDED}):
        session.add(prescription)
    entries.record(session, actor, _entry(prescription, draft))
    event = PrescriptionAdded(
        prescription_id=prescription.id,
        patient_id=prescription.patient_id,
        doctor_id=prescription.doctor_id,
        supersedes_id=prescription.supersedes_id,
    )
    session.publish(event)
    return prescription


def _entry(prescription: Prescription, draft: Draft) -> Entry:
    details = {
        "status": prescription.status,
        "items": [PrescriptionItemView.dump_one(item) for item in draft.items],
        "instructions": prescription.instructions,
        "supersedes_id": str(prescription.supersedes_id) if prescription.supersedes_id else None,
    }
    title = f"{draft.title}: {names_of(prescription)}"
    return Entry(prescription.patient_id, HistoryKind.PRESCRIPTION, prescription.id, title, details)


def names_of(prescription: Prescription) -> str:
    """Return the medicines of a prescription in one line."""
    return ", ".join(item.medicine for item in prescription.items)


def _item(prescription: Prescription, position: int, item: PrescriptionItemView) -> PrescriptionItem:
    facts = item.given()
    del facts["dose"]
    dose = {"dose_value": item.dose.value, "dose_unit": item.dose.unit}
    item_id, course = uuid7(), rules.before_fills(item.quantity, item.days, item.refills, prescription.created_at)
    supply = Supply(
        prescription_item_id=item_id,
        prescription_id=prescription.id,
        allowed=rules.allowed(item.quantity, item.refills),
        **course._asdict(),
    )
    return PrescriptionItem(id=item_id, position=position, supply=supply, **dose, **facts)


def again(item: PrescriptionItem, fill: Fill | None = None) -> PrescriptionItemView:
    """Return a prescribed item as it is prescribed again: with all its fills, or with these."""
    quantity, days, refills = fill or (item.quantity, item.days, item.refills)
    return PrescriptionItemView(
        medicine=item.medicine,
        dose=DoseView(value=item.dose_value, unit=item.dose_unit),
        route=Route(item.route),
        frequency=item.frequency,
        days=days,
        quantity=quantity,
        refills=refills,
    )
