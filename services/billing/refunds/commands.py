"""Request a refund and decide on it. The amount is reserved at the request, and paid back after the approval."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.refunds import (
    NO_SUCH_PAYMENT,
    NO_SUCH_REFUND,
    OWN_REFUND,
    DecideRefund,
    RefundStatus,
    RequestRefund,
)
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.payments import settlement
from services.billing.providers import refunds as providers
from services.billing.providers.port import Refunded, RefundOutcome, RefundPlan
from services.billing.refunds import outcomes


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that this request has just stored. For a repeated request, it is plain JSON from the database."""

    plan: RefundPlan


Stored = Mapping[str, object]


def request(session: Session, actor: Actor, command: RequestRefund) -> Refund:
    """Reserve the amount, and store the request for an admin."""
    if session.get(Payment, command.payment_id) is None:
        raise NO_SUCH_PAYMENT()
    _invoice, payment = settlement.locked(session, command.payment_id)
    refund = _refund_of(payment, actor, command)
    session.add(refund)
    return refund


def _refund_of(payment: Payment, actor: Actor, command: RequestRefund) -> Refund:
    return Refund(
        id=uuid7(),
        payment_id=payment.id,
        invoice_id=payment.invoice_id,
        patient_id=payment.patient_id,
        amount_minor=payment.reserve_refund(command.amount),
        currency=payment.currency,
        still_owed=command.still_owed,
        reason=command.reason,
        status=RefundStatus.REQUESTED,
        requested_by=actor.person,
        requested_at=clock.now(),
    )


def decide(session: Session, actor: Actor, command: DecideRefund) -> Approval | Stored | None:
    """Record the decision. Returns the plan for the provider, or None after a rejection.

    The stored time of the next look lets the timer finish the refund if this process dies.
    """
    payment_id = session.scalar(select(Refund.payment_id).where(Refund.id == command.refund_id))
    if payment_id is None:
        raise NO_SUCH_REFUND()
    _invoice, payment = settlement.locked(session, payment_id)
    refund = outcomes.lock_refund(session, command.refund_id)
    if refund.requested_by == actor.person:
        raise OWN_REFUND()
    now = clock.now()
    if command.decision == "reject":
        refund.decide(RefundStatus.REJECTED, actor.person, command.reason, now)
        payment.release_refund(refund.amount_minor)
        return None
    refund.decide(RefundStatus.APPROVED, actor.person, command.reason, now)
    refund.next_look_at = now + outcomes.FIRST_LOOK
    return Approval(outcomes.plan_of(refund, payment))


def pay_back(approval: Approval | Stored | None, _command: DecideRefund) -> Refunded | None:
    """Pay an approved refund back. A repeated request leaves the refund to the timer.

    So two requests, or a request and the timer, never call the provider at the same time.
    """
    if approval is None:
        return None
    return providers.pay_back(approval.plan) if isinstance(approval, Approval) else Refunded(RefundOutcome.PENDING)


def record_answer(
    session: Session,
    _actor: Actor,
    _approval: Approval | Stored | None,
    refunded: Refunded | None,
    command: DecideRefund,
) -> Refund:
    """Record the provider's answer; a rejected refund has none."""
    refund = session.get_one(Refund, command.refund_id)
    return refund if refunded is None else outcomes.finish(session, refund, refunded)
