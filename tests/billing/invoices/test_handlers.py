"""Invoices of completed visits: charged once, priced, and numbered without gaps."""

from contextlib import suppress
from datetime import UTC, date, datetime

import eventlet
import pytest
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.persistence.database import Database, Session
from contracts.billing.invoices import InvoiceIssued, InvoiceView
from services.billing.models.invoices import Invoice
from services.billing.models.ledger import LedgerEntry, LedgerKind
from tests.billing.factories import (
    approve,
    invoice,
    price,
    published,
    together,
    view_of,
    visit,
)


def test_visit_is_charged_by_the_specialization_of_its_doctor(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id, "Cardiology")
    price(session, 8000)
    bill = visit(session, doctor_id=doctor_id)
    view = InvoiceView.dump_one(view_of(session, bill))
    assert view["status"] == "issued"
    assert (view["total_minor"], view["paid_minor"], view["currency"]) == (8000, 0, "EUR")
    [line] = view["lines"]
    expected = {"code": "consultation:cardiology", "name": "Cardiology visit", "quantity": 1, "amount_minor": 8000}
    assert line.items() >= expected.items()


def test_issued_invoice_is_charged_and_published_once(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    session.flush()
    charge = session.scalars(select(LedgerEntry).where(LedgerEntry.invoice_id == bill.id)).one()
    assert (charge.kind, charge.amount_minor, charge.currency) == (LedgerKind.CHARGE, 8000, "EUR")
    (data,) = published(session, InvoiceIssued)
    assert data == {"invoice_id": bill.id, "patient_id": bill.patient_id, "amount_minor": 8000, "currency": "EUR"}


@pytest.mark.parametrize(("hour", "amount"), [(22, 8000), (23, 9000)])
def test_price_of_the_visits_day_in_the_hospital_counts(session: Session, hour: int, amount: int) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    price(session, 8000)
    price(session, 9000, valid_from=date(2026, 11, 24))
    bill = visit(session, doctor_id=doctor_id, starts_at=datetime(2026, 11, 23, hour, tzinfo=UTC))
    assert view_of(session, bill).total_minor == amount


def test_visit_without_a_price_stays_an_unpublished_draft(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    view = InvoiceView.dump_one(view_of(session, visit(session, doctor_id=doctor_id)))
    assert (view["status"], view["number"], view["total_minor"], view["issued_at"]) == ("draft", None, 0, None)
    assert view["lines"][0]["unit_price_minor"] is None
    assert published(session, InvoiceIssued) == []


def test_repeated_completion_is_charged_once(session: Session) -> None:
    bill = invoice(session)
    again = visit(session, appointment_id=bill.appointment_id, doctor_id=bill.doctor_id, patient_id=bill.patient_id)
    assert again.id == bill.id
    assert len(published(session, InvoiceIssued)) == 1


def test_invoice_numbers_have_no_gaps_when_concurrent_visits_fail(fresh: Database) -> None:
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


def test_concurrent_price_misses_no_visit(fresh: Database) -> None:
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
