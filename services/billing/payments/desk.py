"""Payments at the desk, in cash or by the card terminal. The money is there, so the payment succeeds at once."""

import secrets

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.payments import PaymentStatus, TakePayment
from services.billing import rules
from services.billing.invoices import ledger
from services.billing.models.payments import Payment
from services.billing.payments import settlement
from services.billing.payments.commands import REFERENCE_BYTES


def take(session: Session, actor: Actor, command: TakePayment) -> Payment:
    """Credit the invoice with money that the desk has received."""
    invoice = ledger.lock_invoice(session, command.invoice_id)
    payment = Payment(
        id=uuid7(),
        invoice_id=invoice.id,
        patient_id=invoice.patient_id,
        provider=command.by,
        reference=secrets.token_hex(REFERENCE_BYTES),
        amount_minor=rules.amount_to_pay(invoice.balance, command.amount),
        currency=invoice.currency,
        status=PaymentStatus.CREATED,
        taken_by=actor.person,
        created_at=clock.now(),
    )
    session.add(payment)
    session.flush()  # The entry of the ledger refers to the payment.
    return settlement.credit(session, invoice, payment)
