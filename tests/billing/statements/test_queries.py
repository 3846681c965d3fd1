"""Statements: entries, balances, formats, and who may read them."""

import base64
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from chassis import clock
from chassis.errors import Invalid, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.billing.statements import GetMyStatement, StatementView
from services.billing.models.ledger import LedgerEntry, LedgerKind
from services.billing.service import BillingService
from services.billing.statements import queries
from tests.billing.factories import host, invoice, patient, pay, press
from tests.billing.papers.conftest import text_of

DAY = timedelta(days=1)


def statement(session: Session, payer: Actor, first: date | None = None, last: date | None = None) -> StatementView:
    """Return the statement of a patient; by default, of yesterday to tomorrow."""
    session.flush()
    today = clock.now().date()
    query = GetMyStatement(patient_id=payer.person, from_=first or today - DAY, to=last or today + DAY)
    return queries.get_own(session, payer, query)


def move(session: Session, kind: LedgerKind, at: datetime) -> None:
    """Move the entries of a kind to another time."""
    session.flush()
    session.execute(update(LedgerEntry).where(LedgerEntry.kind == kind).values(at=at))


def test_statement_has_invoices_and_payments_with_running_balance(session: Session) -> None:
    payer = patient()
    press(session, pay(session, invoice(session, payer, 8000), 3000))
    found = statement(session, payer)
    assert [(e.kind, e.amount_minor, e.balance_minor) for e in found.entries] == [
        ("invoice", 8000, 8000),
        ("payment", -3000, 5000),
    ]
    assert [(b.currency, b.opening_minor, b.closing_minor) for b in found.balances] == [("EUR", 0, 5000)]


def test_entries_before_the_period_make_the_opening_balance(session: Session) -> None:
    payer, today = patient(), clock.now().date()
    press(session, pay(session, invoice(session, payer, 8000), 3000))
    move(session, LedgerKind.CHARGE, clock.now() - 40 * DAY)
    found = statement(session, payer)
    later = statement(session, payer, today + DAY, today + DAY)
    assert [entry.kind for entry in found.entries] == ["payment"]
    assert [(b.opening_minor, b.closing_minor) for b in found.balances] == [(8000, 5000)]
    assert [(b.opening_minor, b.closing_minor) for b in later.balances] == [(5000, 5000)]


def test_period_includes_its_last_day_on_the_hospitals_clock(session: Session) -> None:
    payer = patient()
    invoice(session, payer)
    move(session, LedgerKind.CHARGE, datetime.fromisoformat("2026-11-30T22:59:59+00:00"))
    november = statement(session, payer, date(2026, 11, 1), date(2026, 11, 30))
    december = statement(session, payer, date(2026, 12, 1), date(2026, 12, 31))
    assert (len(november.entries), len(december.entries)) == (1, 0)


def test_statement_has_no_entries_of_other_patients(session: Session) -> None:
    payer = patient()
    invoice(session, patient())
    assert statement(session, payer).entries == []


def test_statement_of_another_patient_is_not_found(session: Session) -> None:
    query = GetMyStatement(patient_id=patient().person, from_=date(2026, 1, 1), to=date(2026, 1, 2))
    with pytest.raises(NotFound):
        queries.get_own(session, patient(), query)


def test_period_that_ends_before_it_begins_is_refused(session: Session) -> None:
    with pytest.raises(Invalid, match="invalid"):
        statement(session, patient(), date(2026, 1, 2), date(2026, 1, 1))


def test_too_long_period_is_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    payer = patient()
    for _number in range(3):
        invoice(session, payer)
    monkeypatch.setattr(queries, "MOST_ENTRIES", 2)
    with pytest.raises(Invalid, match="invalid"):
        statement(session, payer)


@pytest.fixture
def account(fresh: Database) -> tuple[Any, dict[str, str]]:
    """Return the service as a patient with an invoice asks it, and the fields of the statement."""
    payer, today = patient(), clock.now().date()
    with fresh.begin() as session:
        invoice(session, payer, 8000)
    fields = {"patient_id": str(payer.person), "from": str(today - DAY), "to": str(today + DAY)}
    return host(fresh, payer), fields


def test_statement_is_json_by_default(account: tuple[Any, dict[str, str]]) -> None:
    service, fields = account
    reply = BillingService.get_my_statement(service, **fields)
    assert (str(reply["from"]), [entry["text"] for entry in reply["entries"]]) == (fields["from"], ["Cardiology visit"])


def test_statement_prints_as_pdf(account: tuple[Any, dict[str, str]]) -> None:
    service, fields = account
    reply = BillingService.print_my_statement(service, **fields, format="pdf")
    text = text_of(base64.b64decode(reply["content"]))
    assert reply["name"] == f"statement-{fields['from']}-{fields['to']}.pdf"
    assert "Opening balance 0.00 EUR" in text
    assert "Cardiology visit 80.00 EUR 80.00 EUR Closing balance 80.00 EUR" in text


def test_statement_comes_as_csv(account: tuple[Any, dict[str, str]]) -> None:
    service, fields = account
    reply = BillingService.print_my_statement(service, **fields, format="csv")
    lines = base64.b64decode(reply["content"]).decode("utf-8-sig").splitlines()
    assert reply["media_type"] == "text/csv"
    assert lines[1] == f"{fields['from']},opening,,,,0.00,EUR"
    assert lines[2].split(",")[1:] == ["invoice", "1", "Cardiology visit", "80.00", "80.00", "EUR"]
    assert lines[3] == f"{fields['to']},closing,,,,80.00,EUR"
