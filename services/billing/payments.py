"""Payments: written before the provider is called, credited in the ledger once it says that the money is there."""

import secrets
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.paging import page
from contracts import origins
from contracts.billing.invoices import NO_SUCH_INVOICE
from contracts.billing.payments import (
    RETURN_URL_NOT_ALLOWED,
    ListMyPayments,
    PayInvoice,
    PaymentEvent,
    PaymentFailed,
    PaymentReceived,
)
from services.billing import invoices, providers, rules, undone_visits
from services.billing.models.invoices import CREDIT, LedgerEntry
from services.billing.models.payments import Payment
from services.billing.providers import Plan

REFERENCE_BYTES = 20


def prepare(session: Session, actor: Actor, command: PayInvoice) -> Plan:
    """Write the payment, and what the provider must know of it; nothing is called yet.

    Only received money lessens what is open: what unfinished payments ask for does not.
    """
    actor.may_act_for(command.patient_id)
    providers.offered(command.provider)
    invoice = invoices.lock(session, command.invoice_id)
    if invoice.patient_id != command.patient_id:
        raise NO_SUCH_INVOICE()
    _check_return(command.return_url)
    payment = Payment(
        id=uuid7(),
        invoice_id=invoice.id,
        patient_id=command.patient_id,
        provider=command.provider,
        reference=secrets.token_hex(REFERENCE_BYTES),
        amount_minor=rules.amount_to_pay(invoices.balance_of(session, invoice.id), command.amount_minor),
        currency=invoice.currency,
        status="created",
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


def _check_return(return_url: str | None) -> None:
    """Our page would else send payers wherever its caller likes."""
    settings = config.current()
    if return_url is not None and not origins.is_of(return_url, {settings.public_url, *settings.cors_origins}):
        errors = {"errors": {"return_url": ["Must have the hospital's own origin, or an origin in CORS_ORIGINS."]}}
        raise RETURN_URL_NOT_ALLOWED(**errors)


def record(session: Session, _actor: Actor, plan: Plan, checkout_url: str, _command: PayInvoice) -> dict[str, str]:
    """The provider has been told: from now on the payment waits for the payer."""
    payment = session.get_one(Payment, UUID(plan["payment_id"]), with_for_update=True)
    payment.begin(checkout_url)
    return {"payment_id": plan["payment_id"], "checkout_url": checkout_url}


def receive(session: Session, payment: Payment) -> Payment:
    """The payer has paid: credit the invoice. The payment is locked and not finished.

    One that would pay more than is open, because another was faster, fails with the reason `more_than_open`. What is
    paid of an undone invoice, at a checkout that was open already, is credited too, and is to be paid back.
    """
    invoice = invoices.lock(session, payment.invoice_id)
    is_undone = invoice.undone_at is not None
    if not is_undone and payment.amount_minor > invoices.balance_of(session, invoice.id).open_minor:
        return fail(session, payment, "more_than_open")
    payment.succeed(clock.now())
    credit = LedgerEntry(
        invoice_id=invoice.id,
        kind=CREDIT,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        payment_id=payment.id,
        at=payment.finished_at,
    )
    session.add(credit)
    if is_undone:
        undone_visits.owe_back(session, invoice)
    return _told(session, payment, PaymentReceived)


def fail(session: Session, payment: Payment, reason: str) -> Payment:
    """No money has come, and none will. The payment is locked and not finished."""
    payment.fail(reason, clock.now())
    return _told(session, payment, PaymentFailed)


def _told(session: Session, payment: Payment, event: type[PaymentEvent]) -> Payment:
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


def of_patient(session: Session, actor: Actor, query: ListMyPayments) -> Page:
    """The patient's own payments, the failed ones too, newest first."""
    actor.may_act_for(query.patient_id)
    mine = select(Payment).where(Payment.patient_id == query.patient_id)
    return page(session, mine, (Payment.created_at, Payment.id), limit=query.limit, cursor=query.cursor, whole=True)
