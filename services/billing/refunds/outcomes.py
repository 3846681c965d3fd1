"""Apply what a provider says of an approved refund. The invoice is locked first, then the payment, then the refund."""

from datetime import datetime, timedelta
from uuid import UUID

from chassis import clock
from chassis.persistence.database import Session
from contracts.billing.payments import DeskMethod
from contracts.billing.refunds import RefundCompleted, RefundStatus
from services.billing.invoices import ledger
from services.billing.models.invoices import Invoice
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.payments import oddities, settlement
from services.billing.providers.port import Refunded, RefundOutcome, RefundPlan

FIRST_LOOK = timedelta(minutes=10)
NEXT_LOOK = timedelta(hours=1)
LATE_LOOK = timedelta(days=1)
LATE_AFTER = timedelta(days=7)
"""After this time an admin must look, and Matron asks the provider daily."""


def lock_refund(session: Session, refund_id: UUID) -> Refund:
    """Lock and return a refund as it is now."""
    return session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)


def plan_of(refund: Refund, payment: Payment) -> RefundPlan:
    """Return the refund in plain JSON, for its provider."""
    return {
        "refund_id": str(refund.id),
        "reference": payment.reference,
        "provider_payment_id": payment.provider_payment_id,
        "provider_refund_id": refund.provider_refund_id,
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "provider": payment.provider,
        "requested_at": refund.requested_at.isoformat(),
    }


def next_look(refund: Refund, now: datetime) -> datetime:
    """Return the time of the look after this one. A refund that has not reached its provider is tried again soon."""
    if _is_late(refund, now):
        return now + LATE_LOOK
    return now + (FIRST_LOOK if refund.provider_refund_id is None else NEXT_LOOK)


def _is_late(refund: Refund, now: datetime) -> bool:
    return refund.decided_at is not None and now - refund.decided_at >= LATE_AFTER


def finish(session: Session, refund: Refund, refunded: Refunded) -> Refund:
    """Apply the provider's answer: complete or fail the refund, or go on waiting. Returns the refund.

    Only an approved refund changes. A completed refund that fails later is listed for an admin.
    """
    invoice, payment = settlement.locked(session, refund.payment_id)
    refund = lock_refund(session, refund.id)
    if refund.status != RefundStatus.APPROVED:
        if refund.status == RefundStatus.COMPLETED and refunded.outcome == RefundOutcome.FAILED:
            oddities.note_refund(session, refund, payment)
        return refund
    refund.provider_refund_id = refund.provider_refund_id or refunded.provider_refund_id
    if refunded.outcome == RefundOutcome.COMPLETED:
        _complete(session, invoice, payment, refund)
    elif refunded.outcome == RefundOutcome.FAILED:
        refund.finish(RefundStatus.FAILED, clock.now())
        payment.release_refund(refund.amount_minor)
    elif refunded.outcome == RefundOutcome.NEEDS_ATTENTION or _is_late(refund, clock.now()):
        oddities.note_refund(session, refund, payment)
    return refund


def _complete(session: Session, invoice: Invoice, payment: Payment, refund: Refund) -> None:
    """Book the refund. The desk pays cash out of the drawer of the person who requested it."""
    if payment.provider == DeskMethod.CASH:
        refund.paid_out_by = refund.requested_by
    refund.finish(RefundStatus.COMPLETED, clock.now())
    ledger.refund(session, invoice, refund)
    session.publish(
        RefundCompleted(
            refund_id=refund.id,
            payment_id=refund.payment_id,
            invoice_id=refund.invoice_id,
            patient_id=refund.patient_id,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
        )
    )
