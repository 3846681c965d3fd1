"""Invoices: made by visits, numbered at issue, seen by their patients."""

from contextlib import suppress
from datetime import UTC, date, datetime

import eventlet
import pytest
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.errors import NotFound
from chassis.persistence.database import Database, Session
from contracts.billing.invoices import InvoiceIssued, InvoiceView, ListMyInvoices
from services.billing import invoices
from services.billing.models.invoices import CHARGE, Invoice, LedgerEntry
from tests.billing.factories import (
    approve,
    invoice,
    patient,
    pay,
    press,
    price,
    said,
    seen,
    statements,
    together,
    visit,
)


def test_a_completed_visit_is_charged_by_the_doctors_specialization(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id, "Cardiology")
    price(session, 8000)
    bill = visit(session, doctor_id=doctor_id)
    view = InvoiceView.dump_one(seen(session, bill))
    assert view["status"] == "issued"
    assert (view["total_minor"], view["paid_minor"], view["currency"]) == (8000, 0, "EUR")
    line = {"code": "consultation:cardiology", "name": "Cardiology visit", "quantity": 1, "unit_price_minor": 8000}
    assert view["lines"] == [line]


def test_an_issued_invoice_is_charged_and_told_once(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    session.flush()
    charge = session.scalars(select(LedgerEntry).where(LedgerEntry.invoice_id == bill.id)).one()
    assert (charge.kind, charge.amount_minor, charge.currency) == (CHARGE, 8000, "EUR")
    (told,) = said(session, InvoiceIssued)
    assert told == {"invoice_id": bill.id, "patient_id": bill.patient_id, "amount_minor": 8000, "currency": "EUR"}


@pytest.mark.parametrize(("hour", "amount"), [(22, 8000), (23, 9000)])
def test_the_price_of_the_visits_day_in_the_hospital_counts(session: Session, hour: int, amount: int) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    price(session, 8000)
    price(session, 9000, valid_from=date(2026, 11, 24))
    bill = visit(session, doctor_id=doctor_id, starts_at=datetime(2026, 11, 23, hour, tzinfo=UTC))
    assert seen(session, bill)["total_minor"] == amount


def test_a_visit_without_a_price_is_held_and_told_to_nobody(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    view = InvoiceView.dump_one(seen(session, visit(session, doctor_id=doctor_id)))
    assert (view["status"], view["number"], view["total_minor"], view["issued_at"]) == ("draft", None, 0, None)
    assert view["lines"][0]["unit_price_minor"] is None
    assert said(session, InvoiceIssued) == []


def test_a_visit_that_is_told_twice_is_charged_once(session: Session) -> None:
    bill = invoice(session)
    again = visit(session, appointment_id=bill.appointment_id, doctor_id=bill.doctor_id, patient_id=bill.patient_id)
    assert again.id == bill.id
    assert len(said(session, InvoiceIssued)) == 1


def test_a_patient_sees_the_own_invoices_newest_first(session: Session) -> None:
    who = patient()
    bills = [invoice(session, who) for _number in range(3)]
    invoice(session, patient())
    session.flush()
    first = invoices.of_patient(session, who, ListMyInvoices(patient_id=who.person, limit=2, cursor=None))
    second = invoices.of_patient(session, who, ListMyInvoices(patient_id=who.person, limit=2, cursor=first.next))
    assert [row["id"] for row in [*first.items, *second.items]] == [bill.id for bill in reversed(bills)]


def test_nobody_sees_another_patients_invoices(session: Session) -> None:
    bill = invoice(session)
    with pytest.raises(NotFound):
        invoices.of_patient(session, patient(), ListMyInvoices(patient_id=bill.patient_id, limit=20, cursor=None))


def test_a_list_of_invoices_takes_two_statements_whatever_its_length(session: Session) -> None:
    who = patient()
    for bill in [invoice(session, who) for _number in range(5)]:
        press(session, pay(session, bill, 100))
    session.flush()
    with statements(session) as sent:
        found = invoices.of_patient(session, who, ListMyInvoices(patient_id=who.person, limit=20, cursor=None))
    assert [row["status"] for row in found.items] == ["part_paid"] * 5
    assert len(sent) == 2


def test_invoice_numbers_have_no_gaps_when_some_of_twenty_concurrent_visits_fail(fresh: Database) -> None:
    doctor_id = uuid7()
    with fresh.begin() as session:
        approve(session, doctor_id)
        price(session)

    def complete(number: int) -> None:
        with suppress(ZeroDivisionError), fresh.begin() as session:
            visit(session, doctor_id=doctor_id)
            eventlet.sleep()
            assert 1 / (number % 3)

    together(complete, range(20))
    with fresh.read() as session:
        numbers = session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
    assert numbers == list(range(1, 14))


def test_a_price_that_is_set_while_visits_are_invoiced_misses_none_of_them(fresh: Database) -> None:
    codes = [str(uuid7()) for _number in range(10)]
    doctor_ids = {code: uuid7() for code in codes}

    def work(of: tuple[str, str]) -> None:
        kind, code = of
        with fresh.begin() as session:
            if kind == "approve":
                approve(session, doctor_ids[code], code)
            elif kind == "price":
                price(session, code=f"consultation:{code}")
            else:
                visit(session, doctor_id=doctor_ids[code])
            eventlet.sleep(0)

    together(work, [(kind, code) for code in codes for kind in ("visit", "price", "visit", "approve", "visit")])
    with fresh.read() as session:
        drafts = session.scalar(select(func.count()).where(Invoice.number.is_(None)))
        issued = session.scalar(select(func.count()).where(Invoice.number.is_not(None)))
    assert (drafts, issued) == (0, 30)
