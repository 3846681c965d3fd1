"""Ask for refills, and decide about requests."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import NO_SUCH_PRESCRIPTION
from contracts.clinical.refills import (
    NEVER_DISPENSED,
    NO_REFILLS_LEFT,
    NO_SUCH_REFILL_REQUEST,
    REFILL_REQUESTED,
    DecideRefill,
    RefillDecision,
    RefillOutcome,
    RefillRequested,
    RefillStatus,
    RequestRefill,
)
from contracts.refusals import REASON_REQUIRED
from services.clinical.medicines.checks import Answers
from services.clinical.models.prescriptions import Prescription
from services.clinical.models.refills import RefillDecisionRow, RefillRequest
from services.clinical.prescriptions import drafts
from services.clinical.prescriptions.drafts import Draft, Issued
from services.clinical.prescriptions.queries import locked
from services.clinical.refills import access, open_requests
from services.clinical.refills.queries import REQUESTS, shown

VALID = timedelta(days=14)
"""The time in which a doctor decides about a request."""
OUTCOME_OF = {
    RefillDecision.APPROVE: RefillOutcome.APPROVED,
    RefillDecision.DENY: RefillOutcome.DENIED,
    RefillDecision.NEEDS_VISIT: RefillOutcome.NEEDS_VISIT,
}
Shown = Mapping[str, object]


def ask(session: Session, actor: Actor, command: RequestRefill) -> Shown:
    """Ask for the next fill of an own prescription."""
    actor.may_act_for(command.patient_id)
    prescription = locked(session, command.prescription_id)
    if prescription is None or prescription.patient_id != command.patient_id:
        raise NO_SUCH_PRESCRIPTION()
    _must_be_refillable(session, prescription)
    now = clock.now()
    request = RefillRequest(
        id=uuid7(),
        prescription_id=prescription.id,
        patient_id=prescription.patient_id,
        doctor_id=prescription.doctor_id,
        status=RefillStatus.REQUESTED,
        note=command.note,
        requested_at=now,
        expires_at=now + VALID,
        decision=None,
    )
    session.add(request)
    event = RefillRequested(
        refill_id=request.id,
        prescription_id=request.prescription_id,
        patient_id=request.patient_id,
        recipient_ids=list(access.deciders(session, request.doctor_id, request.patient_id)),
    )
    session.publish(event)
    return shown(session, [request])[0]


def _must_be_refillable(session: Session, prescription: Prescription) -> None:
    prescription.must_be_active()
    if not any(item.dispensed for item in prescription.items):
        raise NEVER_DISPENSED()
    if not any(item.has_refills for item in prescription.items):
        raise NO_REFILLS_LEFT()
    request = open_requests.of_prescription(session, prescription.id)
    if request is not None:
        raise REFILL_REQUESTED(request_id=str(request.id))


def decide(session: Session, actor: Actor, command: DecideRefill) -> Shown:
    """Approve a request by a new prescription, deny it, or ask the patient to come."""
    request, prescription = _of_decider(session, actor, command.request_id)
    request.must_be_open()
    issued = None
    if command.decision == RefillDecision.APPROVE:
        answers = Answers(command.overrides, command.unchecked_reason)
        issued = _renew(session, actor, prescription, answers)
    elif command.decision == RefillDecision.DENY and command.reason is None:
        raise REASON_REQUIRED()
    decision = RefillDecisionRow(
        status=OUTCOME_OF[command.decision],
        reason=command.reason,
        decided_by=actor.person,
        decided_at=clock.now(),
        renewed_id=issued.prescription.id if issued else None,
    )
    open_requests.end(session, request, decision)
    return {**shown(session, [request])[0], "checks": issued.checks if issued else None}


def _renew(session: Session, actor: Actor, former: Prescription, answers: Answers) -> Issued:
    """Prescribe what the former prescription still owes. Its first fill can be dispensed at once."""
    former.must_be_active()
    items = [drafts.again(item, item.owed) for item in former.items if item.owed]
    if not items:
        raise NO_REFILLS_LEFT()
    draft = Draft(former.patient_id, items, former.instructions, "Refill approved", former)
    return drafts.issue(session, actor, draft, answers)


def _of_decider(session: Session, actor: Actor, request_id: UUID) -> tuple[RefillRequest, Prescription]:
    """Return a request that the doctor decides about, and its prescription, behind the patient's lock."""
    query = REQUESTS.where(RefillRequest.id == request_id)
    prescription_id = session.scalar(select(RefillRequest.prescription_id).where(RefillRequest.id == request_id))
    prescription = locked(session, prescription_id) if prescription_id else None
    if prescription is None:
        raise NO_SUCH_REFILL_REQUEST.not_yet()
    request = session.scalars(query.execution_options(populate_existing=True)).one()
    access.must_decide(session, actor, request)
    return request, prescription
