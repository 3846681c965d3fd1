"""List held charges."""

from sqlalchemy import select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.billing.held_charges import ListHeldCharges
from services.billing.models.invoices import Invoice, InvoiceLine

SHOWN = (
    InvoiceLine.id,
    InvoiceLine.id.label("line_id"),
    InvoiceLine.invoice_id,
    Invoice.patient_id,
    InvoiceLine.code,
    InvoiceLine.name,
    InvoiceLine.quantity,
    Invoice.visit_on,
    Invoice.created_at,
)


def list_all(session: Session, _actor: Actor, query: ListHeldCharges) -> Page:
    """List the lines without a price, oldest first. Nothing is owed for void drafts, so they are left out."""
    statement = select(*SHOWN).join_from(InvoiceLine, Invoice)
    statement = statement.where(InvoiceLine.unit_price_minor.is_(None), Invoice.undone_at.is_(None))
    return page(session, statement, (InvoiceLine.id,), limit=query.limit, cursor=query.cursor, newest_first=False)
