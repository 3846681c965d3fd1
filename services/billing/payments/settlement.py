"""Apply what a provider says of a payment. The invoice is locked first, then the payment."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.persistence.database import Session
from contracts.billing.odd_payments import CANNOT_SETTLE_SO, OddKind
from contracts.billing.payments import FailureReason, PaymentEvent, PaymentFailed, PaymentReceived, PaymentStatus
from services.billing import rules
from services.billing.invoices import ledger
from services.billing.models.invoices import Invoice
from services.billing.models.payments import MAY_STILL_SUCCEED, Payment
from services.billing.payments import oddities
from services.billing.providers.port import Looked, Outcome

FIRST_LOOK = timedelta(minutes=10)
NEXT_LOOK = timedelta(hours=1)
LOOKS_END = timedelta(days=7)
STARTS_END = timedelta(hours=24)
"""After this time a checkout that the provider does not know was never shown to the payer."""


def locked(session: Session, payment_id: UUID) -> tuple[Invoice, Payment]:
    """Lock and return a payment and its invoice, as they are now."""
    invoice_id = session.scalars(select(Payment.invoice_id).where(Payment.id == payment_id)).one()
    invoice = ledger.lock_invoice(session, invoice_id)
    return invoice, session.get_one(Payment, payment_id, with_for_update=True, populate_existing=True)


def settle(session: Session, payment_id: UUID, looked: Looked) -> bool:
    """Apply the provider's word on a payment; return whether the payment changed."""
    invoice, payment = locked(session, payment_id)
    before = payment.status
    if looked.outcome == Outcome.SUCCEEDED:
        _take(session, invoice, payment, looked)
    elif not payment.is_finished:
        _wait_or_end(session, payment, looked.outcome)
    elif clock.now() - payment.created_at >= LOOKS_END:
        payment.next_look_at = None
    return payment.status != before


def _wait_or_end(session: Session, payment: Payment, outcome: Outcome) -> None:
    """End an unfinished payment, or wait for the payer. A payer may try again after a failure.

    After seven days an admin must look.
    """
    now = clock.now()
    age = now - payment.created_at
    if outcome == Outcome.EXPIRED or (outcome == Outcome.UNKNOWN and age >= STARTS_END):
        payment.expire(now)
    elif age >= LOOKS_END:
        payment.expire(now)
        oddities.note(session, OddKind.UNRESOLVED, payment)
    else:
        if outcome == Outcome.FAILED:
            fail(session, payment, FailureReason.DECLINED)
        payment.next_look_at = next_look(payment.created_at, now)


def next_look(created_at: datetime, now: datetime) -> datetime:
    """Return the time of the next look-up: ten minutes after the start, then hourly."""
    return max(created_at + FIRST_LOOK, now if now < created_at + FIRST_LOOK else now + NEXT_LOOK)


def _take(session: Session, invoice: Invoice, payment: Payment, looked: Looked) -> None:
    """Credit the payer's money, or set it aside for an admin if it does not fit the payment or the invoice."""
    if payment.status not in MAY_STILL_SUCCEED:
        if looked.provider_payment_id not in (None, payment.provider_payment_id):
            oddities.note(session, OddKind.OVERPAYMENT, payment, looked)
        return
    kind = rules.oddity_of(payment, looked.amount_minor, looked.currency, invoice.balance, invoice.undone_at)
    if kind is not None:
        payment.set_aside(clock.now(), looked.provider_payment_id)
        oddities.note(session, kind, payment, looked)
        return
    credit(session, invoice, payment, looked.provider_payment_id)


def credit(session: Session, invoice: Invoice, payment: Payment, provider_payment_id: str | None = None) -> Payment:
    """Credit a locked invoice with a locked payment. Money for an undone invoice must be paid back."""
    payment.succeed(clock.now(), provider_payment_id)
    ledger.credit(session, invoice, payment)
    if invoice.undone_at is not None:
        ledger.owe_refund(session, invoice)
    return _publish(session, payment, PaymentReceived)


def apply_money(session: Session, payment_id: UUID, amount_minor: int, currency: str) -> None:
    """Credit money that was set aside: the received amount counts."""
    invoice, payment = locked(session, payment_id)
    if payment.status != PaymentStatus.UNAPPLIED or currency != invoice.currency:
        raise CANNOT_SETTLE_SO()
    payment.amount_minor = rules.amount_to_pay(invoice.balance, amount_minor)
    payment.status = PaymentStatus.PENDING
    credit(session, invoice, payment, payment.provider_payment_id)


def fail(session: Session, payment: Payment, reason: FailureReason) -> Payment:
    """Mark a locked payment as failed: no money has come."""
    payment.fail(reason, clock.now())
    return _publish(session, payment, PaymentFailed)


def _publish(session: Session, payment: Payment, event: type[PaymentEvent]) -> Payment:
    session.publish(
        event(
            payment_id=payment.id,
            invoice_id=payment.invoice_id,
            patient_id=payment.patient_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
        )
    )
    return payment
