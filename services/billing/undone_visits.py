"""Visits whose completion was undone: an unpaid invoice of one is void, and what was paid of it is to be paid back."""

from typing import Any

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.billing.invoices import InvoiceVoided, RefundDue
from contracts.scheduling.appointments.events import VisitCompletionUndone
from services.billing import invoices
from services.billing.models.invoices import REVERSAL, Invoice, LedgerEntry, UndoneVisit


def undo_visit(session: Session, _actor: Actor, event: VisitCompletionUndone) -> None:
    """Charge nothing for what was completed before this revision of the visit, also when that is heard later."""
    session.lock(invoices.lock_of_visit(event.appointment_id))
    keep(
        session, UndoneVisit, "appointment_id", "revision", appointment_id=event.appointment_id, revision=event.revision
    )
    before = (Invoice.appointment_id == event.appointment_id) & (Invoice.visit_revision < event.revision)
    charged = select(Invoice).where(before, Invoice.undone_at.is_(None)).order_by(Invoice.id).with_for_update()
    for invoice in session.scalars(charged).all():
        _reverse(session, invoice)


def _reverse(session: Session, invoice: Invoice) -> None:
    """Owe nothing for the invoice any more. Its row is locked, so that no payment is credited meanwhile."""
    balance = invoices.balance_of(session, invoice.id)
    invoice.undo(clock.now())
    if invoice.issued_at is None:
        return
    reversal = LedgerEntry(
        invoice_id=invoice.id,
        kind=REVERSAL,
        amount_minor=balance.charged,
        currency=invoice.currency,
        at=invoice.undone_at,
    )
    session.add(reversal)
    if balance.credited:
        owe_back(session, invoice)
        return
    facts: dict[str, Any] = {"invoice_id": invoice.id, "patient_id": invoice.patient_id, "currency": invoice.currency}
    session.publish(InvoiceVoided(**facts, amount_minor=balance.charged))


def owe_back(session: Session, invoice: Invoice) -> None:
    """Say how much of an undone invoice was paid, all of which is to be paid back."""
    session.flush()
    facts: dict[str, Any] = {"invoice_id": invoice.id, "patient_id": invoice.patient_id, "currency": invoice.currency}
    session.publish(RefundDue(**facts, amount_minor=invoices.balance_of(session, invoice.id).refund_minor))
