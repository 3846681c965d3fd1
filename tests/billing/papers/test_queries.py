"""Printed invoices: their content, and who may print them."""

import base64

import pytest

from chassis.errors import Conflict, NotFound
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import audit
from contracts.billing.papers import PrintInvoice, PrintMyInvoice
from services.billing.papers import queries
from services.billing.service import BillingService
from services.billing.settings import BillingSettings
from tests.billing.factories import ADMIN, approve, host, invoice, patient, pay, press, price, visit
from tests.billing.papers.conftest import name_patient, printed, text_of
from tests.settings import give_settings


def test_paper_shows_hospital_patient_lines_and_open_amount(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = BillingSettings(
        hospital_name="St Anne",
        hospital_address="1 Main Road\nLagos",
        hospital_tax_id="NG-7",
        allow_sandbox_payments=True,
    )
    give_settings(monkeypatch, hospital)
    bill = invoice(session, amount_minor=128050)
    name_patient(session, bill, "Asha Rao")
    text = printed(session, bill)
    shown = ["St Anne", "1 Main Road", "Lagos", "NG-7", f"Invoice {bill.number}", "Asha Rao", "MRN-000042"]
    assert [word for word in [*shown, "Cardiology visit", "1,280.50 EUR", "Open amount"] if word not in text] == []


def test_paper_shows_days_on_the_hospitals_clock(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = invoice(session)
    bill.issued_at = bill.issued_at.replace(year=2026, month=11, day=30, hour=23, minute=30)
    assert "Issued on 1 December 2026" in printed(session, bill)


def test_paper_sums_taxes_by_rate(session: Session) -> None:
    approve(session, ADMIN.person, "surgery")
    price(session, 10_000, code="consultation:surgery", tax_basis_points=750)
    bill = visit(session, doctor_id=ADMIN.person)
    text = printed(session, bill)
    assert "Total before tax 100.00 EUR Tax 7.5 % on 100.00 EUR 7.50 EUR Total 107.50 EUR" in text


def test_paper_lists_payments(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    press(session, pay(session, bill, 3000))
    text = printed(session, bill)
    assert "Test payment 30.00 EUR" in text
    assert "Paid -30.00 EUR Open amount 50.00 EUR" in text


def test_draft_has_no_paper(session: Session) -> None:
    with pytest.raises(Conflict, match="not_issued"):
        printed(session, visit(session))


def test_patient_prints_own_invoice(session: Session) -> None:
    payer = patient()
    bill = invoice(session, payer)
    session.flush()
    query = PrintMyInvoice(patient_id=payer.person, invoice_id=bill.id)
    assert queries.prepare_own(session, payer, query)["title"] == f"Invoice {bill.number}"


def test_invoice_of_another_patient_is_not_found(session: Session) -> None:
    bill, stranger = invoice(session), patient()
    session.flush()
    for patient_id in (stranger.person, bill.patient_id):
        query = PrintMyInvoice(patient_id=patient_id, invoice_id=bill.id)
        with pytest.raises(NotFound):
            queries.prepare_own(session, stranger, query)


def test_print_is_recorded_with_its_invoice(fresh: Database) -> None:
    with fresh.begin() as session:
        bill = invoice(session)
    reply = BillingService.print_invoice(host(fresh, ADMIN), invoice_id=str(bill.id))
    assert "Cardiology visit" in text_of(base64.b64decode(reply["content"]))
    assert (reply["media_type"], reply["name"]) == ("application/pdf", f"invoice-{bill.number}.pdf")
    with fresh.read() as session:
        found = session.execute(audit.select()).all()
    assert [(row.action, row.record_id) for row in found] == [(PrintInvoice.method(), bill.id)]
