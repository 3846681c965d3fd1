"""Pay an invoice. The payment is stored before the provider is called, and credited after the provider confirms it."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts import origins
from contracts.billing.invoices import NO_SUCH_INVOICE
from contracts.billing.payments import (
    RETURN_URL_NOT_ALLOWED,
    CheckoutView,
    FailureReason,
    PayInvoice,
    PaymentEvent,
    PaymentFailed,
    PaymentReceived,
    PaymentStatus,
)
from services.billing import rules
from services.billing.invoices import ledger
from services.billing.models.payments import Payment
from services.billing.providers import registry
from services.billing.providers.port import Plan, Started

REFERENCE_BYTES = 20


def prepare_payment(session: Session, actor: Actor, command: PayInvoice) -> Plan:
    """Store the payment, and return the plan for the provider. The provider is not called yet.

    Only received money reduces the open amount; unfinished payments do not.
    """
    actor.may_act_for(command.patient_id)
    registry.offered(command.provider)
    invoice = ledger.lock_invoice(session, command.invoice_id)
    if invoice.patient_id != command.patient_id:
        raise NO_SUCH_INVOICE()
    _check_return_url(command.return_url)
    payment = Payment(
        id=uuid7(),
        invoice_id=invoice.id,
        patient_id=command.patient_id,
        provider=command.provider,
        reference=secrets.token_hex(REFERENCE_BYTES),
        amount_minor=rules.amount_to_pay(invoice.balance, command.amount or command.amount_minor),
        currency=invoice.currency,
        status=PaymentStatus.CREATED,
        return_url=command.return_url,
        created_at=clock.now(),
    )
    session.add(payment)
    return _plan_of(payment)


def _plan_of(payment: Payment) -> Plan:
    return {
        "payment_id": str(payment.id),
        "reference": payment.reference,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "provider": payment.provider,
        "return_url": payment.return_url,
    }


def _check_return_url(return_url: str | None) -> None:
    """Refuse foreign addresses, so that the checkout page is not an open redirect."""
    settings = config.current()
    if return_url is not None and not origins.is_of(return_url, {settings.public_url, *settings.cors_origins}):
        errors = {"errors": {"return_url": ["Must have the hospital's own origin, or an origin in CORS_ORIGINS."]}}
        raise RETURN_URL_NOT_ALLOWED(**errors)


def record_checkout(
    session: Session, _actor: Actor, plan: Plan, started: Started, _command: PayInvoice
) -> CheckoutView:
    """Record that the provider waits for the payer."""
    payment = session.get_one(Payment, UUID(plan["payment_id"]), with_for_update=True)
    payment.begin(started.checkout_url, started.provider_id)
    return CheckoutView(
        payment_id=payment.id,
        checkout_url=started.checkout_url,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )


def receive(session: Session, payment: Payment) -> Payment:
    """Credit the invoice with the payer's money. The payment is locked and not finished.

    If a faster payment has left too little open, the payment fails as `more_than_open`. Money for an undone invoice is
    credited too, and must be paid back.
    """
    invoice = ledger.lock_invoice(session, payment.invoice_id)
    is_undone = invoice.undone_at is not None
    if not is_undone and payment.amount_minor > invoice.balance.open_minor:
        return fail(session, payment, FailureReason.MORE_THAN_OPEN)
    payment.succeed(clock.now())
    ledger.credit(session, invoice, payment)
    if is_undone:
        ledger.owe_refund(session, invoice)
    return _publish(session, payment, PaymentReceived)


def fail(session: Session, payment: Payment, reason: FailureReason) -> Payment:
    """Mark the payment as failed: no money will come. The payment is locked and not finished."""
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
