"""List money as odd, and settle it."""

from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.odd_payments import (
    CANNOT_SETTLE_SO,
    NO_SUCH_ODD_PAYMENT,
    ODD_PAYMENT_SETTLED,
    Settlement,
    SettleOddPayment,
)
from contracts.billing.payments import PROVIDER_REFUSED
from services.billing.models.odd_payments import OddPayment
from services.billing.payments import settlement
from services.billing.providers import registry
from services.billing.providers.port import Refunded, RefundOutcome, RefundPlan


def prepare(session: Session, _actor: Actor, command: SettleOddPayment) -> RefundPlan | None:
    """Check that the odd payment can be settled so; return the plan of a refund, or None if no money goes back."""
    odd = _unsettled(session, command.odd_payment_id)
    if command.settlement != Settlement.REFUND:
        return None
    if odd.provider_payment_id is None or odd.amount_minor is None or odd.currency is None:
        raise CANNOT_SETTLE_SO()
    return RefundPlan(
        refund_id=str(odd.id),
        reference=odd.reference or "",
        provider_payment_id=odd.provider_payment_id,
        provider_refund_id=odd.provider_refund_id,
        amount_minor=odd.amount_minor,
        currency=odd.currency,
        provider=odd.provider,
        requested_at=odd.at.isoformat(),
    )


def pay_back(plan: RefundPlan | None, _command: SettleOddPayment) -> Refunded | None:
    """Pay the money back through the provider that took it."""
    return registry.refund(plan) if plan is not None else None


def settle(
    session: Session, actor: Actor, _plan: RefundPlan | None, refunded: Refunded | None, command: SettleOddPayment
) -> OddPayment:
    """Record the settlement. The money of an applied payment is credited."""
    if refunded is not None and refunded.outcome not in (RefundOutcome.PENDING, RefundOutcome.COMPLETED):
        raise PROVIDER_REFUSED()
    odd = _unsettled(session, command.odd_payment_id)
    if command.settlement == Settlement.APPLY:
        _apply(session, odd)
    odd.settlement, odd.reason = command.settlement, command.reason
    odd.settled_by, odd.settled_at = actor.person, clock.now()
    odd.provider_refund_id = refunded.provider_refund_id if refunded else None
    return odd


def _unsettled(session: Session, odd_payment_id: UUID) -> OddPayment:
    query = select(OddPayment).where(OddPayment.id == odd_payment_id).with_for_update()
    odd = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if odd is None:
        raise NO_SUCH_ODD_PAYMENT()
    if odd.settled_at is not None:
        raise ODD_PAYMENT_SETTLED(settlement=odd.settlement)
    return odd


def _apply(session: Session, odd: OddPayment) -> None:
    """Credit received money to the invoice of its payment."""
    if odd.payment_id is None or odd.amount_minor is None or odd.currency is None:
        raise CANNOT_SETTLE_SO()
    settlement.apply_money(session, odd.payment_id, odd.amount_minor, odd.currency)
