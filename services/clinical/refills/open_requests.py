"""Open refill requests, which end with their prescription. The caller holds the patient's lock."""

from collections.abc import Sequence
from uuid import UUID

from chassis import clock
from chassis.persistence.database import Session
from contracts.clinical.refills import RefillDecided, RefillOutcome, RefillStatus
from services.clinical.models.refills import RefillDecisionRow, RefillRequest
from services.clinical.refills.queries import REQUESTS


def of_prescription(session: Session, prescription_id: UUID) -> RefillRequest | None:
    """Return the open request for a prescription."""
    is_open = RefillRequest.status == RefillStatus.REQUESTED
    query = REQUESTS.where(RefillRequest.prescription_id == prescription_id, is_open)
    return session.scalars(query).first()


def expire(session: Session, prescription_id: UUID) -> None:
    """Expire the open request for a prescription that has ended."""
    request = of_prescription(session, prescription_id)
    if request is not None:
        end(session, request, RefillDecisionRow(status=RefillOutcome.EXPIRED, decided_by=None, decided_at=clock.now()))


def approve(session: Session, prescription_id: UUID, doctor_id: UUID, renewed_id: UUID) -> None:
    """Approve the open request for a prescription that a doctor has renewed."""
    request = of_prescription(session, prescription_id)
    if request is not None:
        facts = {"decided_by": doctor_id, "decided_at": clock.now(), "renewed_id": renewed_id}
        end(session, request, RefillDecisionRow(status=RefillOutcome.APPROVED, **facts))


def end(
    session: Session, request: RefillRequest, decision: RefillDecisionRow, recipient_ids: Sequence[UUID] = ()
) -> None:
    """End an open request, and notify the patient. `recipient_ids` are doctors who learn of it too."""
    request.decide(decision)
    event = RefillDecided(
        refill_id=request.id,
        prescription_id=request.prescription_id,
        patient_id=request.patient_id,
        status=RefillOutcome(decision.status),
        renewed_id=decision.renewed_id,
        recipient_ids=list(recipient_ids),
    )
    session.publish(event)
