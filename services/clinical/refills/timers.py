"""Timer: refill requests without a decision."""

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.refills import RefillOutcome, RefillStatus
from services.clinical.models.refills import IS_OPEN, RefillDecisionRow, RefillRequest
from services.clinical.refills import access, open_requests
from services.clinical.refills.queries import REQUESTS

PACE = 600.0
"""Seconds between two looks."""
BATCH = 100


def expire(session: Session, _actor: Actor) -> None:
    """Expire requests that no doctor decided about in time. Patient and doctors are notified."""
    now = clock.now()
    due = select(RefillRequest.id, RefillRequest.patient_id).where(IS_OPEN, RefillRequest.expires_at <= now)
    found = session.execute(due.order_by(RefillRequest.expires_at).limit(BATCH)).all()
    if not found:
        return
    session.lock_people(*{row.patient_id for row in found})
    again = REQUESTS.where(RefillRequest.id.in_([row.id for row in found])).order_by(RefillRequest.id)
    for request in session.scalars(again.execution_options(populate_existing=True)).all():
        if request.status == RefillStatus.REQUESTED:
            decision = RefillDecisionRow(status=RefillOutcome.EXPIRED, decided_by=None, decided_at=now)
            doctors = access.deciders(session, request.doctor_id, request.patient_id)
            open_requests.end(session, request, decision, doctors)
