"""Timers: invoices that are overdue, and drafts of visits that were not completed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceOverdue, InvoiceReminderDue
from services.billing.invoices import drafts
from services.billing.invoices.queries import IS_OPEN
from services.billing.models.invoices import Invoice
from services.billing.prices import catalogue

PACE = 60.0
"""Seconds."""
BATCH = 200


def remind(session: Session, _actor: Actor) -> None:
    """Publish once that an invoice is overdue, and each later reminder once, longest waiting first."""
    now = clock.now()
    for invoice in _due(session, now):
        kind = InvoiceOverdue if invoice.overdue_at is None else InvoiceReminderDue
        invoice.remind(now)
        session.publish(
            kind(
                invoice_id=invoice.id,
                patient_id=invoice.patient_id,
                amount_minor=invoice.balance.open_minor,
                currency=invoice.currency,
                due_at=invoice.due_at or now,
            )
        )


def issue_gathered(session: Session, _actor: Actor) -> None:
    """Issue the gathered charges of visits that were not completed within a day. Drafts without lines are removed."""
    catalogue.lock_for_reading(session)
    query = select(Invoice).where(Invoice.gathers_until <= clock.now()).order_by(Invoice.gathers_until).limit(BATCH)
    query = query.with_for_update(skip_locked=True).options(selectinload(Invoice.lines))
    found = session.scalars(query).all()
    for invoice in found:
        invoice.leave_visit()
        if not invoice.lines:
            session.delete(invoice)
    drafts.complete(session, [invoice for invoice in found if invoice.lines])


def _due(session: Session, now: datetime) -> Sequence[Invoice]:
    """Lock and return open invoices that wait for a reminder. Invoices being changed wait for the next run."""
    query = select(Invoice).where(IS_OPEN, Invoice.remind_at <= now).order_by(Invoice.remind_at).limit(BATCH)
    return session.scalars(query.with_for_update(skip_locked=True)).all()
