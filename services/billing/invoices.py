"""Invoices: drafted by a completed visit, priced when the price is known, issued with a number, paid by the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Label, Row, Select, cast, exists, func, or_, select, update
from sqlalchemy.orm import selectinload
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.paging import page
from contracts.billing.invoices import NO_SUCH_INVOICE, InvoiceIssued, ListInvoices, ListMyInvoices
from contracts.scheduling.appointments.events import VisitCompleted
from services.billing import price_lookup, rules
from services.billing.models.invoices import (
    CHARGE,
    CREDIT,
    REVERSAL,
    Invoice,
    InvoiceCounter,
    InvoiceLine,
    LedgerEntry,
    UndoneVisit,
)
from services.billing.rules import Balance

NEXT_NUMBER = (
    update(InvoiceCounter)
    .values(last=InvoiceCounter.last + 1)
    .returning(InvoiceCounter.last)
    .execution_options(synchronize_session=False)
)
"""Takes the counter's row lock until the transaction ends: one that fails gives its number back before the next."""


def _sum_of(kind: str) -> Label[int]:
    """What the ledger's entries of one kind come to, of the invoice of the query around it."""
    total = cast(func.coalesce(func.sum(LedgerEntry.amount_minor), 0), BigInteger)
    entries = select(total).where(LedgerEntry.invoice_id == Invoice.id, LedgerEntry.kind == kind)
    return entries.correlate(Invoice).scalar_subquery().label(f"{kind}s")


BALANCE = (_sum_of(CHARGE), _sum_of(CREDIT), _sum_of(REVERSAL))
LISTED: tuple[Any, ...] = (
    Invoice.id,
    Invoice.number,
    Invoice.patient_id,
    Invoice.appointment_id,
    Invoice.currency,
    Invoice.issued_at,
    Invoice.created_at,
    Invoice.undone_at,
    *BALANCE,
)
LINES: tuple[Any, ...] = (
    InvoiceLine.invoice_id,
    InvoiceLine.code,
    InvoiceLine.name,
    InvoiceLine.quantity,
    InvoiceLine.unit_price_minor,
)


def for_visit(session: Session, actor: Actor, event: VisitCompleted) -> None:
    """Invoice a completed visit, once; what cannot be priced yet is held, and the invoice stays a draft.

    A completion that was undone is not invoiced, in whatever order the two are heard.
    """
    price_lookup.reading(session)
    session.lock(lock_of_visit(event.appointment_id))
    if session.scalar(_is_settled(event.appointment_id, event.revision)):
        return
    settings, specialization = config.current(), price_lookup.specialization_of(session, event.doctor_id)
    line = InvoiceLine(
        code=rules.consultation_code(specialization) if specialization is not None else None,
        name="Consultation",
        quantity=1,
        source_event=actor.heard.event_id,
    )
    invoice = Invoice(
        id=uuid7(),
        patient_id=event.patient_id,
        appointment_id=event.appointment_id,
        visit_revision=event.revision,
        doctor_id=event.doctor_id,
        visit_on=rules.day_of(event.starts_at, settings.hospital_timezone),
        currency=settings.currency,
        created_at=clock.now(),
        lines=[line],
    )
    complete(session, [invoice])
    session.add(invoice)  # Last, so that it is written in one go: priced, numbered and charged.


def _is_settled(appointment_id: UUID, revision: int) -> Select[tuple[bool]]:
    """Whether a completion of this revision is invoiced already, or was undone."""
    is_older = (Invoice.visit_revision == 0) & Invoice.undone_at.is_(None)
    invoiced = exists().where(
        Invoice.appointment_id == appointment_id, or_(Invoice.visit_revision == revision, is_older)
    )
    undone = exists().where(UndoneVisit.appointment_id == appointment_id, UndoneVisit.revision > revision)
    return select(or_(invoiced, undone))


def lock_of_visit(appointment_id: UUID) -> int:
    """The advisory lock of a visit, behind which its completion is invoiced and undone."""
    return appointment_id.int & 0x7FFF_FFFF_FFFF_FFFF


def held(session: Session, *conditions: ColumnElement[bool]) -> Sequence[Invoice]:
    """The drafts with a held line of which these conditions are true, locked, with all of their lines."""
    waiting = select(InvoiceLine.invoice_id).join(Invoice).where(InvoiceLine.unit_price_minor.is_(None), *conditions)
    drafts = (Invoice.id.in_(waiting)) & Invoice.undone_at.is_(None)
    query = select(Invoice).where(drafts).order_by(Invoice.id).with_for_update()
    return session.scalars(query.options(selectinload(Invoice.lines))).all()


def complete(session: Session, invoices: Sequence[Invoice]) -> None:
    """Price those lines of drafts that can be priced now, and issue the drafts that have none left to price."""
    waiting = [(invoice, line) for invoice in invoices for line in invoice.lines if line.is_held]
    prices = price_lookup.prices_of(session, {line.code for _invoice, line in waiting if line.code is not None})
    for invoice, line in waiting:
        price = rules.price_on(prices.get(line.code or "", []), invoice.visit_on, invoice.currency)
        if price is not None:
            line.price(price.name, price.amount_minor)
    for invoice in invoices:
        if not invoice.is_held:
            _issue(session, invoice)


def _issue(session: Session, invoice: Invoice) -> None:
    """Number the invoice, charge it in the ledger, and tell the world."""
    invoice.issue(session.execute(NEXT_NUMBER).scalar_one(), clock.now())
    total = rules.total_of(invoice.lines)
    charge = LedgerEntry(
        invoice_id=invoice.id, kind=CHARGE, amount_minor=total, currency=invoice.currency, at=invoice.issued_at
    )
    session.add(charge)
    session.publish(
        InvoiceIssued(
            invoice_id=invoice.id, patient_id=invoice.patient_id, amount_minor=total, currency=invoice.currency
        )
    )


def lock(session: Session, invoice_id: UUID) -> Invoice:
    """The invoice, locked against other payments."""
    invoice = session.get(Invoice, invoice_id, with_for_update=True)
    if invoice is None:
        raise NO_SUCH_INVOICE()
    return invoice


def balance_of(session: Session, invoice_id: UUID) -> Balance:
    """What the ledger says of an invoice. Who decides by it has locked the invoice."""
    return Balance(*session.execute(select(*BALANCE).where(Invoice.id == invoice_id)).one())


def of_patient(session: Session, actor: Actor, query: ListMyInvoices) -> Page:
    """The patient's own invoices, drafts too, newest first, in two statements whatever their number."""
    actor.may_act_for(query.patient_id)
    return _page(session, select(*LISTED).where(Invoice.patient_id == query.patient_id), query.limit, query.cursor)


def of_all(session: Session, _actor: Actor, query: ListInvoices) -> Page:
    """All invoices, newest first: those of a patient, and those of which money is to be paid back."""
    statement = select(*LISTED)
    if query.patient_id is not None:
        statement = statement.where(Invoice.patient_id == query.patient_id)
    if query.needs_refund:
        paid = exists().where(LedgerEntry.invoice_id == Invoice.id, LedgerEntry.kind == CREDIT)
        statement = statement.where(Invoice.undone_at.is_not(None), paid)
    return _page(session, statement, query.limit, query.cursor)


def _page(session: Session, query: Select[*tuple[Any, ...]], limit: int, cursor: str | None) -> Page:
    found = page(session, query, (Invoice.created_at, Invoice.id), limit=limit, cursor=cursor)
    lines = _lines_of(session, [row.id for row in found.items])
    return Page([_seen(row, lines[row.id]) for row in found.items], found.next)


def _lines_of(session: Session, invoice_ids: Iterable[UUID]) -> dict[UUID, list[Row[Any]]]:
    lines: dict[UUID, list[Row[Any]]] = defaultdict(list)
    query = select(*LINES).where(InvoiceLine.invoice_id.in_(invoice_ids)).order_by(InvoiceLine.id)
    for line in session.execute(query):
        lines[line.invoice_id].append(line)
    return lines


def _seen(row: Row[Any], lines: list[Row[Any]]) -> dict[str, Any]:
    """An invoice as people see it."""
    balance = Balance(row.charges, row.credits, row.reversals)
    return {
        **row._asdict(),
        "lines": lines,
        "total_minor": rules.total_of(lines),
        "paid_minor": balance.credited,
        "refund_minor": balance.refund_minor,
        "status": rules.status_of(row.issued_at, balance, row.undone_at),
    }
