"""Pay an invoice. The payment is stored before the provider is called, and credited after the provider confirms it."""

import secrets
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Command
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts import origins
from contracts.billing.invoices import NO_SUCH_INVOICE
from contracts.billing.payments import (
    RETURN_URL_NOT_ALLOWED,
    CheckoutView,
    PayInvoice,
    PaymentStatus,
    Provider,
)
from services.billing import rules
from services.billing.invoices import ledger
from services.billing.models.directory import Patient
from services.billing.models.invoices import Invoice
from services.billing.models.payments import Payment
from services.billing.payments import settlement
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
    wanted = command.amount or command.amount_minor
    return start_payment(session, invoice, command.provider, wanted, command.return_url)


def start_payment(
    session: Session, invoice: Invoice, provider: Provider, wanted: int | None, return_url: str | None
) -> Plan:
    """Store a payment of a locked invoice, and return its plan. `wanted` is in minor units; None: the open amount."""
    now = clock.now()
    payment = Payment(
        id=uuid7(),
        invoice_id=invoice.id,
        patient_id=invoice.patient_id,
        provider=provider,
        reference=secrets.token_hex(REFERENCE_BYTES),
        amount_minor=rules.amount_to_pay(invoice.balance, wanted),
        currency=invoice.currency,
        status=PaymentStatus.CREATED,
        return_url=return_url,
        created_at=now,
        next_look_at=None if provider == Provider.SANDBOX else settlement.next_look(now, now),
    )
    session.add(payment)
    return _plan_of(session, payment, invoice)


def _plan_of(session: Session, payment: Payment, invoice: Invoice) -> Plan:
    return Plan(
        payment_id=str(payment.id),
        reference=payment.reference,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        provider=payment.provider,
        return_url=payment.return_url,
        email=session.scalar(select(Patient.email).where(Patient.id == payment.patient_id)),
        title=f"Invoice {invoice.number}",
    )


def _check_return_url(return_url: str | None) -> None:
    """Refuse foreign addresses, so that the checkout page is not an open redirect."""
    settings = config.current()
    if return_url is not None and not origins.is_of(return_url, {settings.public_url, *settings.cors_origins}):
        errors = {"errors": {"return_url": ["Must have the hospital's own origin, or an origin in CORS_ORIGINS."]}}
        raise RETURN_URL_NOT_ALLOWED(**errors)


def record_checkout(session: Session, _actor: Actor, plan: Plan, started: Started, _command: Command) -> CheckoutView:
    """Record that the provider waits for the payer."""
    payment = session.get_one(Payment, UUID(plan["payment_id"]), with_for_update=True)
    payment.begin(started.checkout_url, started.provider_id)
    return CheckoutView(
        payment_id=payment.id,
        checkout_url=started.checkout_url,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )
