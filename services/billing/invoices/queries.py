"""List invoices. A page takes two statements: invoices with their balances, and their lines."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.billing.invoices import InvoiceLineView, InvoiceView, ListInvoices, ListMyInvoices
from services.billing import rules
from services.billing.invoices.ledger import BALANCE
from services.billing.models.invoices import Invoice, InvoiceLine, LedgerEntry, LedgerKind
from services.billing.rules import Balance

LISTED = select(
    Invoice.id,
    Invoice.number,
    Invoice.patient_id,
    Invoice.appointment_id,
    Invoice.dispense_id,
    Invoice.currency,
    Invoice.issued_at,
    Invoice.created_at,
    Invoice.undone_at,
    *BALANCE,
)
Listed = Row[
    UUID, int | None, UUID, UUID | None, UUID | None, str, datetime | None, datetime, datetime | None, int, int, int
]
"""A row of `LISTED`."""
LINES = select(
    InvoiceLine.invoice_id, InvoiceLine.code, InvoiceLine.name, InvoiceLine.quantity, InvoiceLine.unit_price_minor
).order_by(InvoiceLine.id)


def list_own(session: Session, actor: Actor, query: ListMyInvoices) -> Page:
    """List the patient's own invoices, drafts included, newest first."""
    actor.may_act_for(query.patient_id)
    return _page(session, query, Invoice.patient_id == query.patient_id)


def list_all(session: Session, _actor: Actor, query: ListInvoices) -> Page:
    """List all invoices, newest first. Filters: the patient, and invoices that need a refund."""
    conditions: list[ColumnElement[bool]] = []
    if query.patient_id is not None:
        conditions.append(Invoice.patient_id == query.patient_id)
    if query.needs_refund:
        paid = exists().where(LedgerEntry.invoice_id == Invoice.id, LedgerEntry.kind == LedgerKind.CREDIT)
        conditions += [Invoice.undone_at.is_not(None), paid]
    return _page(session, query, *conditions)


def _page(session: Session, query: ListMyInvoices | ListInvoices, *conditions: ColumnElement[bool]) -> Page:
    statement = LISTED.where(*conditions)
    found = page(session, statement, (Invoice.created_at, Invoice.id), limit=query.limit, cursor=query.cursor)
    lines = _lines_of(session, [row.id for row in found.items])
    return Page([_view_of(row, lines[row.id]) for row in found.items], found.next)


def _lines_of(session: Session, invoice_ids: Iterable[UUID]) -> dict[UUID, list[InvoiceLineView]]:
    lines: dict[UUID, list[InvoiceLineView]] = defaultdict(list)
    for invoice_id, code, name, quantity, price in session.execute(
        LINES.where(InvoiceLine.invoice_id.in_(invoice_ids))
    ):
        view = InvoiceLineView(code=code, name=name, quantity=quantity, unit_price_minor=price)
        lines[invoice_id].append(view)
    return lines


def _view_of(row: Listed, lines: list[InvoiceLineView]) -> InvoiceView:
    """Combine an invoice with its lines, and derive its status from its balance."""
    balance = Balance(row.charges, row.credits, row.reversals)
    return InvoiceView(
        id=row.id,
        number=row.number,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
        dispense_id=row.dispense_id,
        status=rules.status_of(row.issued_at, balance, row.undone_at),
        lines=lines,
        total_minor=rules.total_of(lines),
        paid_minor=balance.credited,
        refund_minor=balance.refund_minor,
        currency=row.currency,
        issued_at=row.issued_at,
    )
