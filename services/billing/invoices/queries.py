"""List invoices. A page takes two statements: invoices and their lines."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.billing.invoices import (
    NO_SUCH_INVOICE,
    GetMyInvoice,
    InvoiceLineView,
    InvoiceStatus,
    InvoiceView,
    ListInvoices,
    ListMyInvoices,
)
from services.billing import rules
from services.billing.models.invoices import Invoice, InvoiceLine


def list_own(session: Session, actor: Actor, query: ListMyInvoices) -> Page:
    """List the patient's own invoices, drafts included, newest first."""
    actor.may_act_for(query.patient_id)
    return _page(session, query, Invoice.patient_id == query.patient_id)


def get_own(session: Session, actor: Actor, query: GetMyInvoice) -> InvoiceView:
    """Get one of the patient's own invoices."""
    actor.may_act_for(query.patient_id)
    invoice = session.get(Invoice, query.invoice_id)
    if invoice is None or invoice.patient_id != query.patient_id:
        raise NO_SUCH_INVOICE()
    return views_of(session, [invoice])[0]


def list_all(session: Session, _actor: Actor, query: ListInvoices) -> Page:
    """List all invoices, newest first. Filters: the patient, and invoices that need a refund."""
    conditions: list[ColumnElement[bool]] = []
    if query.patient_id is not None:
        conditions.append(Invoice.patient_id == query.patient_id)
    if query.needs_refund:
        conditions += [Invoice.undone_at.is_not(None), Invoice.credited_minor > Invoice.refunded_minor]
    return _page(session, query, *conditions)


def _page(session: Session, query: ListMyInvoices | ListInvoices, *conditions: ColumnElement[bool]) -> Page:
    statement = select(Invoice).where(*conditions)
    key = (Invoice.created_at, Invoice.id)
    found = page(session, statement, key, limit=query.limit, cursor=query.cursor, whole=True)
    return Page(views_of(session, found.items), found.next)


def views_of(session: Session, invoices: list[Invoice]) -> list[InvoiceView]:
    """Return invoices with their lines, in one statement."""
    lines = _lines_of(session, [invoice.id for invoice in invoices])
    return [_view_of(invoice, lines[invoice.id]) for invoice in invoices]


def view_of(session: Session, invoice: Invoice) -> InvoiceView:
    """Return an invoice with its lines, as a caller has just changed it."""
    session.flush()
    return views_of(session, [invoice])[0]


def lines_of(session: Session, invoice: Invoice) -> list[InvoiceLine]:
    """Return the lines of an invoice in their order."""
    return _lines_of(session, [invoice.id])[invoice.id]


def _lines_of(session: Session, invoice_ids: Iterable[UUID]) -> dict[UUID, list[InvoiceLine]]:
    lines: dict[UUID, list[InvoiceLine]] = defaultdict(list)
    query = select(InvoiceLine).where(InvoiceLine.invoice_id.in_(invoice_ids)).order_by(InvoiceLine.id)
    for line in session.scalars(query):
        lines[line.invoice_id].append(line)
    return lines


def _view_of(invoice: Invoice, lines: list[InvoiceLine]) -> InvoiceView:
    """Combine an invoice with its lines."""
    balance = invoice.balance
    return InvoiceView(
        id=invoice.id,
        number=invoice.number,
        patient_id=invoice.patient_id,
        appointment_id=invoice.appointment_id,
        dispense_id=invoice.dispense_id,
        lab_order_id=invoice.lab_order_id,
        corrects_id=invoice.corrects_id,
        status=InvoiceStatus(invoice.status),
        lines=[_line_view_of(line) for line in lines],
        total_minor=rules.total_of(lines),
        paid_minor=balance.credited,
        open_minor=max(0, balance.open_minor),
        discounted_minor=balance.discounted,
        written_off_minor=balance.written_off,
        refunded_minor=balance.refunded,
        refund_minor=balance.refund_minor,
        currency=invoice.currency,
        issued_at=invoice.issued_at,
        due_at=invoice.due_at,
    )


def _line_view_of(line: InvoiceLine) -> InvoiceLineView:
    return InvoiceLineView(
        code=line.code,
        name=line.name,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        discount_minor=line.discount_minor,
        tax_basis_points=line.tax_basis_points,
        tax_minor=line.tax_minor,
        amount_minor=line.amount_minor,
    )
