"""List invoices. A page takes two statements: invoices and their lines."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, literal_column, select

from chassis import clock
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
    ListPatientInvoices,
)
from services.billing import rules
from services.billing.models.invoices import OPEN, Invoice, InvoiceLine

IS_OPEN = literal_column(OPEN, Boolean)
"""The condition of the index of open invoices, in words: as a parameter PostgreSQL could not match it."""


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
    """List all invoices, newest first. Overdue invoices start with the longest overdue, in the order of their index."""
    conditions: list[ColumnElement[bool]] = []
    if query.patient_id is not None:
        conditions.append(Invoice.patient_id == query.patient_id)
    if query.needs_refund:
        conditions += [Invoice.undone_at.is_not(None), Invoice.credited_minor > Invoice.refunded_minor]
    if query.status is not None:
        conditions.append(Invoice.status == query.status)
    if query.overdue:
        return _page(session, query, IS_OPEN, Invoice.due_at <= clock.now(), *conditions, by_due_date=True)
    return _page(session, query, *conditions)


def list_of_patient(session: Session, _actor: Actor, query: ListPatientInvoices) -> Page:
    """List a patient's invoices for the desk."""
    return _page(session, query, Invoice.patient_id == query.patient_id)


def _page(
    session: Session,
    query: ListMyInvoices | ListPatientInvoices | ListInvoices,
    *conditions: ColumnElement[bool],
    by_due_date: bool = False,
) -> Page:
    key = (Invoice.due_at if by_due_date else Invoice.created_at, Invoice.id)
    shown, newest_first = select(Invoice).where(*conditions), not by_due_date
    found = page(session, shown, key, limit=query.limit, cursor=query.cursor, newest_first=newest_first, whole=True)
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
