"""Ask the providers about approved refunds, and send those again that have not reached their provider."""

from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.refunds import RefundStatus
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.providers import refunds as providers
from services.billing.providers.port import Refunded, RefundPlan
from services.billing.refunds import outcomes

PACE = 60.0
"""Seconds between two rounds."""
MOST = 20
"""The refunds of a round. Its calls end before the first of them is due again."""


def plan_refund_looks(session: Session, _actor: Actor) -> list[RefundPlan]:
    """Choose the refunds that are due, and set the time of their next look, so that no other process asks too."""
    now = clock.now()
    due = (Refund.status == RefundStatus.APPROVED) & (Refund.next_look_at <= now)
    query = select(Refund, Payment).join(Payment, Refund.payment_id == Payment.id).where(due)
    query = query.order_by(Refund.next_look_at).limit(MOST).with_for_update(of=Refund, skip_locked=True)
    plans = []
    for refund, payment in session.execute(query):
        refund.next_look_at = outcomes.next_look(refund, now)
        plans.append(outcomes.plan_of(refund, payment))
    return plans


def ask_providers(plans: list[RefundPlan]) -> list[Refunded]:
    """Return the provider's answer to each plan."""
    return [providers.look_up(plan) if plan["provider_refund_id"] else providers.pay_back(plan) for plan in plans]


def record_answers(session: Session, _actor: Actor, plans: list[RefundPlan], answers: list[Refunded]) -> None:
    """Record the answers, in the order of their invoices, in which all transactions lock."""
    of = {UUID(plan["refund_id"]): answer for plan, answer in zip(plans, answers, strict=True)}
    query = select(Refund).where(Refund.id.in_(of)).order_by(Refund.invoice_id, Refund.payment_id, Refund.id)
    for refund in session.scalars(query).all():
        outcomes.finish(session, refund, of[refund.id])
