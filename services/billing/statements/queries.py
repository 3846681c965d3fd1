"""Get a patient's statement of a period, as data, CSV or PDF."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select

from chassis import config
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.refusals import WRONG_FIELDS
from contracts.billing.papers import PaperType, PaperView
from contracts.billing.statements import (
    EntryKind,
    GetMyStatement,
    PrintMyStatement,
    StatementBalanceView,
    StatementEntryView,
    StatementFormat,
    StatementQuery,
    StatementView,
)
from contracts.money import in_words
from services.billing.models.directory import Patient
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.models.ledger import LedgerEntry, LedgerKind
from services.billing.papers.invoices import Row, on_paper, patient_rows
from services.billing.papers.queries import paper_view
from services.billing.papers.typesetter import typeset
from services.billing.statements import sheets

MOST_ENTRIES = 1_000
KINDS = {
    LedgerKind.CHARGE: EntryKind.INVOICE,
    LedgerKind.CREDIT: EntryKind.PAYMENT,
    LedgerKind.REVERSAL: EntryKind.REVERSAL,
    LedgerKind.DISCOUNT: EntryKind.DISCOUNT,
    LedgerKind.WRITE_OFF: EntryKind.WRITE_OFF,
    LedgerKind.REFUND: EntryKind.REFUND,
    LedgerKind.RETURN: EntryKind.RETURN,
}
RAISES = (LedgerKind.CHARGE, LedgerKind.REFUND)
"""The kinds of ledger entries after which the patient owes more."""
SIGNED = case((LedgerEntry.kind.in_(RAISES), LedgerEntry.amount_minor), else_=-LedgerEntry.amount_minor)


class Prepared(NamedTuple):
    """A statement, and the patient that its paper names."""

    statement: StatementView
    patient: Patient | None


class Part(TypedDict):
    """The statement of one currency, for `templates/statement.typ`."""

    opening: str
    closing: str
    entries: list[Row]


def get_own(session: Session, actor: Actor, query: GetMyStatement) -> StatementView:
    """Get the patient's own statement."""
    actor.may_act_for(query.patient_id)
    return _statement(session, query)


def prepare(session: Session, actor: Actor, query: PrintMyStatement) -> Prepared:
    """Get the patient's own statement, and the name for its paper."""
    actor.may_act_for(query.patient_id)
    return Prepared(_statement(session, query), session.get(Patient, query.patient_id))


def render(prepared: Prepared, query: PrintMyStatement) -> bytes:
    """Return the statement as a file."""
    if query.format == StatementFormat.CSV:
        return sheets.csv_of(prepared.statement)
    return typeset("statement", _content(prepared))


def finish(session: Session, _actor: Actor, _prepared: Prepared, paper: bytes, query: PrintMyStatement) -> PaperView:
    """Return the file. The audit names the patient."""
    session.note(record_id=query.patient_id)
    media_type = PaperType.CSV if query.format == StatementFormat.CSV else PaperType.PDF
    return paper_view(media_type, f"statement {query.from_} {query.to}", paper)


def _statement(session: Session, query: StatementQuery) -> StatementView:
    """Read the entries of the period. The balance runs on in each currency."""
    if query.to < query.from_:
        raise WRONG_FIELDS(errors={"to": ["Must not be before `from`."]})
    begin, end = _midnight(query.from_), _midnight(query.to + timedelta(days=1))
    opening = _balances(session, query.patient_id, begin)
    entries = _entries(session, query.patient_id, (LedgerEntry.at >= begin) & (LedgerEntry.at < end), opening)
    closing = {**opening, **{entry.currency: entry.balance_minor for entry in entries}}
    balances = [
        StatementBalanceView(currency=currency, opening_minor=opening[currency], closing_minor=closing[currency])
        for currency in sorted(closing)
    ]
    return StatementView(from_=query.from_, to=query.to, balances=balances, entries=entries)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), config.current().hospital_timezone)


def _balances(session: Session, patient_id: UUID, before: datetime) -> dict[str, int]:
    """Return the balance of each currency at a time."""
    statement = (
        select(LedgerEntry.currency, func.sum(SIGNED))
        .join(Invoice, Invoice.id == LedgerEntry.invoice_id)
        .where(Invoice.patient_id == patient_id, LedgerEntry.at < before)
        .group_by(LedgerEntry.currency)
    )
    return defaultdict(int, {currency: int(amount) for currency, amount in session.execute(statement)})


def _entries(
    session: Session, patient_id: UUID, period: ColumnElement[bool], opening: dict[str, int]
) -> list[StatementEntryView]:
    """Return the entries of a period, oldest first. Invalid: the period has too many."""
    statement = (
        select(
            LedgerEntry.at, LedgerEntry.kind, SIGNED.label("amount"), LedgerEntry.currency, Invoice.id, Invoice.number
        )
        .join(Invoice, Invoice.id == LedgerEntry.invoice_id)
        .where(Invoice.patient_id == patient_id, period)
        .order_by(LedgerEntry.at, LedgerEntry.id)
        .limit(MOST_ENTRIES + 1)
    )
    found = session.execute(statement).all()
    if len(found) > MOST_ENTRIES:
        raise WRONG_FIELDS(errors={"from": ["The period has more than 1,000 entries. Choose a shorter period."]})
    texts, balances, entries = _texts(session, {row.id for row in found}), defaultdict(int, opening), []
    for row in found:
        balances[row.currency] += row.amount
        entries.append(
            StatementEntryView(
                at=row.at,
                kind=KINDS[LedgerKind(row.kind)],
                invoice_id=row.id,
                invoice_number=row.number,
                text=texts[row.id],
                amount_minor=row.amount,
                balance_minor=balances[row.currency],
                currency=row.currency,
            )
        )
    return entries


def _texts(session: Session, invoice_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of the lines of each invoice."""
    names: dict[UUID, list[str]] = defaultdict(list)
    lines = select(InvoiceLine.invoice_id, InvoiceLine.name).where(InvoiceLine.invoice_id.in_(invoice_ids))
    for invoice_id, name in session.execute(lines.order_by(InvoiceLine.id)):
        names[invoice_id].append(name)
    return defaultdict(str, {invoice_id: "; ".join(each) for invoice_id, each in names.items()})


def _content(prepared: Prepared) -> dict[str, object]:
    statement = prepared.statement
    period = f"{statement.from_.isoformat()} to {statement.to.isoformat()}"
    return {
        "title": "Statement",
        "facts": [*patient_rows(prepared.patient), ("Period", period)],
        "parts": [_part(balance, statement.entries) for balance in statement.balances],
    }


def _part(balance: StatementBalanceView, entries: Iterable[StatementEntryView]) -> Part:
    return {
        "opening": in_words(balance.opening_minor, balance.currency),
        "closing": in_words(balance.closing_minor, balance.currency),
        "entries": [_row(entry) for entry in entries if entry.currency == balance.currency],
    }


def _row(entry: StatementEntryView) -> Row:
    kind, number = entry.kind.replace("_", " ").capitalize(), str(entry.invoice_number or "")
    amount, balance = (in_words(each, entry.currency) for each in (entry.amount_minor, entry.balance_minor))
    return on_paper(entry.at), kind, number, entry.text, amount, balance
