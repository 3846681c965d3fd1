"""Draft invoices: found when their price arrives, priced, and issued with a number."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import selectinload

from chassis import clock
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceIssued
from services.billing import rules, settings
from services.billing.invoices import ledger
from services.billing.models.invoices import Invoice, InvoiceCounter, InvoiceLine
from services.billing.prices import catalogue

NEXT_NUMBER = (
    update(InvoiceCounter)
    .values(last=InvoiceCounter.last + 1)
    .returning(InvoiceCounter.last)
    .execution_options(synchronize_session=False)
)
"""Takes the next number and the counter's row lock. A failed transaction gives its number back before the next."""


def waiting(session: Session, *conditions: ColumnElement[bool]) -> Sequence[Invoice]:
    """Lock and return the drafts that have a held line with these conditions, with all their lines."""
    held = select(InvoiceLine.invoice_id).join(Invoice).where(InvoiceLine.unit_price_minor.is_(None), *conditions)
    drafts = (Invoice.id.in_(held)) & Invoice.undone_at.is_(None)
    query = select(Invoice).where(drafts).order_by(Invoice.id).with_for_update()
    return session.scalars(query.options(selectinload(Invoice.lines))).all()


def complete(session: Session, drafts: Sequence[Invoice]) -> None:
    """Price the held lines of drafts as far as prices are known, and issue the drafts without held lines."""
    held = [(invoice, line) for invoice in drafts for line in invoice.lines if line.is_held]
    prices = catalogue.prices_of(session, {line.code for _invoice, line in held if line.code is not None})
    for invoice, line in held:
        price = rules.price_on(prices.get(line.code or "", []), invoice.visit_on, invoice.currency)
        if price is not None:
            line.price(price.name, price.amount_minor, price.tax_basis_points)
    for invoice in drafts:
        if not invoice.is_held and invoice.gathers_until is None:
            _issue(session, invoice)


def _issue(session: Session, invoice: Invoice) -> None:
    """Number the invoice, charge it in the ledger, and publish the event."""
    invoice.issue(session.execute(NEXT_NUMBER).scalar_one(), clock.now(), settings.current().due_after)
    total = rules.total_of(invoice.lines)
    ledger.charge(session, invoice, total)
    event = InvoiceIssued(
        invoice_id=invoice.id, patient_id=invoice.patient_id, amount_minor=total, currency=invoice.currency
    )
    session.publish(event)
