"""Prices, and the drafts that wait for them."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceIssued
from contracts.billing.prices import ListPrices
from services.billing import prices
from tests.billing.factories import ADMIN, approve, price, said, seen, visit


def test_a_price_is_in_the_currency_of_the_hospital(session: Session) -> None:
    assert price(session).currency == "EUR"


@time_machine.travel(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), tick=False)
def test_a_price_is_valid_from_today_in_the_hospital_when_no_day_is_given(session: Session) -> None:
    assert price(session, valid_from=None).valid_from == date(2026, 11, 23)


def test_a_second_price_from_the_same_day_is_refused(session: Session) -> None:
    price(session, 8000)
    with pytest.raises(Conflict, match="price_exists"):
        price(session, 9000, code=" Consultation:CARDIOLOGY ")


def test_prices_are_listed_by_code_page_by_page(session: Session) -> None:
    for code in ("c", "a", "b"):
        price(session, code=code)
    first = prices.listing(session, ADMIN, ListPrices(limit=2, cursor=None))
    second = prices.listing(session, ADMIN, ListPrices(limit=2, cursor=first.next))
    assert [row.code for row in [*first.items, *second.items]] == ["a", "b", "c"]


def test_a_new_price_issues_the_draft_that_has_waited_for_it(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    draft = visit(session, doctor_id=doctor_id)
    assert draft.number is None
    price(session, 8000)
    view = seen(session, draft)
    assert (view["status"], view["total_minor"], view["lines"][0].name) == ("issued", 8000, "Cardiology visit")
    assert [told["invoice_id"] for told in said(session, InvoiceIssued)] == [draft.id]


def test_a_price_from_after_the_visit_leaves_the_draft_waiting(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    draft = visit(session, doctor_id=doctor_id)
    price(session, 9000, valid_from=date(2026, 11, 24))
    assert seen(session, draft)["status"] == "draft"
    price(session, 8000, valid_from=date(2026, 11, 23))
    assert seen(session, draft)["total_minor"] == 8000


def test_a_new_price_changes_no_issued_invoice(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    price(session, 8000)
    bill = visit(session, doctor_id=doctor_id)
    price(session, 9000, valid_from=date(2026, 11, 1))
    assert seen(session, bill)["total_minor"] == 8000


def test_all_waiting_drafts_are_numbered_in_one_row(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    drafts = [visit(session, doctor_id=doctor_id) for _number in range(3)]
    price(session)
    first = min(draft.number or 0 for draft in drafts)
    assert sorted(draft.number or 0 for draft in drafts) == [first, first + 1, first + 2]
