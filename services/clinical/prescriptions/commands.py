"""Prescribe medicines after their check, revise, renew and discontinue prescriptions."""

from collections.abc import Mapping
from uuid import UUID

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import DOCTOR, PHARMACIST, ChartPart
from contracts.clinical.history import HistoryKind
from contracts.clinical.medicines import ChecksView
from contracts.clinical.prescriptions import (
    NO_SUCH_PRESCRIPTION,
    CheckMedication,
    Discontinue,
    Prescribe,
    PrescriptionDiscontinued,
    PrescriptionStatus,
    Renew,
    Revise,
)
from services.clinical.care.access import must_treat, open_chart, treats
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.medicines import checks
from services.clinical.medicines.checks import Answers
from services.clinical.models.prescriptions import Prescription
from services.clinical.prescriptions import drafts
from services.clinical.prescriptions.drafts import Draft
from services.clinical.prescriptions.queries import locked, shown
from services.clinical.refills import open_requests

Shown = Mapping[str, object]


def prescribe(session: Session, actor: Actor, command: Prescribe) -> Shown:
    """Prescribe medicines to a patient in the doctor's care, after their check."""
    must_treat(session, actor, command.patient_id)
    draft = Draft(command.patient_id, command.items, command.instructions)
    answers = Answers(command.overrides, command.unchecked_reason)
    return drafts.issue(session, actor, draft, answers).shown(session)


def check(session: Session, actor: Actor, command: CheckMedication) -> ChecksView:
    """Check medicines for a patient of the doctor, or for any patient by a pharmacist."""
    open_chart(session, actor, command.patient_id, ChartPart.PRESCRIPTIONS, DOCTOR | PHARMACIST)
    return checks.check(session, command.patient_id, [checks.line_of(item) for item in command.items])


def revise(session: Session, actor: Actor, command: Revise) -> Shown:
    """Replace an active prescription. An open refill request is about the former items, and ends."""
    former = _of_treated(session, actor, command.prescription_id)
    former.must_be_active()
    draft = Draft(former.patient_id, command.items, command.instructions, "Revised", former)
    issued = drafts.issue(session, actor, draft, Answers(command.overrides, command.unchecked_reason))
    open_requests.expire(session, former.id)
    return issued.shown(session)


def renew(session: Session, actor: Actor, command: Renew) -> Shown:
    """Prescribe the items of an active or completed prescription again. It approves an open refill request."""
    former = _of_treated(session, actor, command.prescription_id)
    if former.status != PrescriptionStatus.COMPLETED:
        former.must_be_active()
    items = [drafts.again(item) for item in former.items]
    draft = Draft(former.patient_id, items, former.instructions, "Renewed", former)
    issued = drafts.issue(session, actor, draft, Answers(command.overrides, command.unchecked_reason))
    open_requests.approve(session, former.id, actor.person, issued.prescription.id)
    return issued.shown(session)


def discontinue(session: Session, actor: Actor, command: Discontinue) -> Shown:
    """End an active prescription with a reason. An open refill request ends with it."""
    prescription = _of_treated(session, actor, command.prescription_id)
    prescription.finish(PrescriptionStatus.DISCONTINUED, actor.person, clock.now(), command.reason)
    entries.record(session, actor, ended(prescription, "Discontinued"))
    open_requests.expire(session, prescription.id)
    event = PrescriptionDiscontinued(
        prescription_id=prescription.id,
        patient_id=prescription.patient_id,
        doctor_id=prescription.doctor_id,
        discontinued_by=actor.person,
    )
    session.publish(event)
    return shown(session, [prescription])[0]


def ended(prescription: Prescription, title: str) -> Entry:
    """Return the entry of the end of a prescription in the patient's history."""
    details = {"status": prescription.status, "reason": prescription.end_reason}
    names = f"{title}: {drafts.names_of(prescription)}"
    return Entry(prescription.patient_id, HistoryKind.PRESCRIPTION, prescription.id, names, details, version=2)


def _of_treated(session: Session, actor: Actor, prescription_id: UUID) -> Prescription:
    """Lock and return a prescription of a patient in the doctor's care, with its items.

    Raises NotYet: the event of a started visit may be on its way. A foreign prescription and an unknown id get the same
    refusal after the same time.
    """
    found = locked(session, prescription_id)
    if found is None or not treats(session, actor.person, found.patient_id):
        raise NO_SUCH_PRESCRIPTION.not_yet()
    return found
