"""Timer: invoices that are overdue, and their reminders."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceOverdue, InvoiceReminderDue
from services.billing.invoices.queries import IS_OPEN
from services.billing.models.invoices import Invoice

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


def _due(session: Session, now: datetime) -> Sequence[Invoice]:
    """Lock and return open invoices that wait for a reminder. Invoices being changed wait for the next run."""
    query = select(Invoice).where(IS_OPEN, Invoice.remind_at <= now).order_by(Invoice.remind_at).limit(BATCH)
    return session.scalars(query.with_for_update(skip_locked=True)).all()
