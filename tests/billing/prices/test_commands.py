"""New prices, and the drafts that wait for them."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceIssued
from tests.billing.factories import approve, price, published, view_of, visit


def test_price_has_the_currency_of_the_hospital(session: Session) -> None:
    assert price(session).currency == "EUR"


@time_machine.travel(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), tick=False)
def test_price_without_a_day_is_valid_from_today_in_the_hospital(session: Session) -> None:
    assert price(session, valid_from=None).valid_from == date(2026, 11, 23)


def test_second_price_from_the_same_day_is_refused(session: Session) -> None:
    price(session, 8000)
    with pytest.raises(Conflict, match="price_exists"):
        price(session, 9000, code=" Consultation:CARDIOLOGY ")


def test_new_price_issues_the_waiting_draft(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    draft = visit(session, doctor_id=doctor_id)
    assert draft.number is None
    price(session, 8000)
    view = view_of(session, draft)
    assert (view.status, view.total_minor, view.lines[0].name) == ("issued", 8000, "Cardiology visit")
    assert [data["invoice_id"] for data in published(session, InvoiceIssued)] == [draft.id]


def test_price_from_after_the_visit_leaves_the_draft_waiting(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    draft = visit(session, doctor_id=doctor_id)
    price(session, 9000, valid_from=date(2026, 11, 24))
    assert view_of(session, draft).status == "draft"
    price(session, 8000, valid_from=date(2026, 11, 23))
    assert view_of(session, draft).total_minor == 8000


def test_new_price_changes_no_issued_invoice(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    price(session, 8000)
    bill = visit(session, doctor_id=doctor_id)
    price(session, 9000, valid_from=date(2026, 11, 1))
    assert view_of(session, bill).total_minor == 8000


def test_waiting_drafts_get_consecutive_numbers(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    drafts = [visit(session, doctor_id=doctor_id) for _number in range(3)]
    price(session)
    first = min(draft.number or 0 for draft in drafts)
    assert sorted(draft.number or 0 for draft in drafts) == [first, first + 1, first + 2]
