"""The checkout page of the sandbox, for trials and tests: its content and its two buttons.

The unguessable reference is the right to press them. The sandbox moves no money, so it can simply refuse a payment that
is too high.
"""

from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceStatus
from contracts.billing.payments import (
    NO_SUCH_CHECKOUT,
    FailureReason,
    FinishSandboxCheckout,
    GetSandboxCheckout,
    SandboxCheckoutView,
)
from services.billing import rules
from services.billing.models.invoices import Invoice
from services.billing.models.payments import Payment
from services.billing.payments import settlement
from services.billing.providers import sandbox


def get_checkout(session: Session, _actor: Actor, query: GetSandboxCheckout) -> SandboxCheckoutView:
    """Get the payment of the page. An open payment of an undone invoice shows as `void`."""
    payment = _payment(session, query.reference)
    is_undone = session.scalar(select(Invoice.undone_at.is_not(None)).where(Invoice.id == payment.invoice_id))
    return SandboxCheckoutView(
        reference=payment.reference,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        status=InvoiceStatus.VOID if is_undone and not payment.is_finished else payment.status,
        return_url=payment.return_url,
    )


def finish_checkout(session: Session, _actor: Actor, command: FinishSandboxCheckout) -> Payment:
    """Pay or decline, as the payer has chosen. A finished payment stays the same."""
    invoice, payment = settlement.locked(session, _payment(session, command.reference).id)
    if payment.is_finished:
        return payment
    if command.outcome == "decline":
        return settlement.fail(session, payment, FailureReason.DECLINED)
    if rules.is_too_much(payment.amount_minor, invoice.balance, invoice.undone_at):
        return settlement.fail(session, payment, FailureReason.MORE_THAN_OPEN)
    return settlement.credit(session, invoice, payment)


def _payment(session: Session, reference: str) -> Payment:
    own = select(Payment).where(Payment.provider == sandbox.NAME, Payment.reference == reference)
    payment = session.scalar(own) if sandbox.is_offered() else None
    if payment is None:
        raise NO_SUCH_CHECKOUT()
    return payment
