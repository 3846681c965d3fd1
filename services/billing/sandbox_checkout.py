"""The sandbox's checkout page, for trying and testing: what it shows, and what its two buttons do.

Its reference, which nobody can guess, is the right to press them. In the sandbox no money moves, so a payment that
would pay too much can simply be refused.
"""

from typing import Any

from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.payments import NO_SUCH_CHECKOUT, FinishSandboxCheckout, GetSandboxCheckout
from services.billing import payments
from services.billing.models.invoices import Invoice
from services.billing.models.payments import Payment
from services.billing.providers import sandbox

SHOWN = ("reference", "amount_minor", "currency", "return_url")


def get(session: Session, _actor: Actor, query: GetSandboxCheckout) -> dict[str, Any]:
    """The payment that the page is for, `void` with its invoice."""
    payment = _payment(session, query.reference)
    is_undone = session.scalar(select(Invoice.undone_at.is_not(None)).where(Invoice.id == payment.invoice_id))
    status = "void" if is_undone and not payment.is_finished else payment.status
    return {name: getattr(payment, name) for name in SHOWN} | {"status": status}


def finish(session: Session, _actor: Actor, command: FinishSandboxCheckout) -> Payment:
    """The payer has pressed `pay` or `decline`; what is finished stays as it is."""
    payment = _payment(session, command.reference)
    session.refresh(payment, with_for_update=True)
    if payment.is_finished:
        return payment
    if command.outcome == "decline":
        return payments.fail(session, payment, "declined")
    return payments.receive(session, payment)


def _payment(session: Session, reference: str) -> Payment:
    mine = select(Payment).where(Payment.provider == sandbox.NAME, Payment.reference == reference)
    payment = session.scalar(mine) if sandbox.is_offered() else None
    if payment is None:
        raise NO_SUCH_CHECKOUT()
    return payment
