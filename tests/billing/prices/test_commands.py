"""New prices, and the drafts that wait for them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Invalid, NotFound
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceIssued
from contracts.billing.prices import ChangePrice
from services.billing.models.prices import Price
from services.billing.prices import commands
from tests.billing.factories import ADMIN, approve, price, published, view_of, visit


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


def change(session: Session, code: str = "consultation:cardiology", **fields: Any) -> Price:
    return commands.change_price(session, ADMIN, ChangePrice(code=code, **fields))


def test_changed_price_keeps_what_the_caller_omits(session: Session) -> None:
    price(session, 8000, tax_basis_points=700)
    changed = change(session, amount_minor=9000, valid_from=date(2026, 11, 1))
    assert (changed.name, changed.amount_minor, changed.tax_basis_points) == ("Cardiology visit", 9000, 700)


def test_changed_tax_may_be_zero(session: Session) -> None:
    price(session, 8000, tax_basis_points=700)
    changed = change(session, tax_basis_points=0)
    assert (changed.amount_minor, changed.tax_basis_points) == (8000, 0)


@time_machine.travel(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), tick=False)
def test_changed_price_applies_from_today_and_not_to_earlier_visits(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    price(session, 8000)
    assert change(session, amount_minor=9000).valid_from == date(2026, 11, 23)
    days = (datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC))
    bills = [visit(session, doctor_id=doctor_id, starts_at=day) for day in days]
    assert [view_of(session, bill).total_minor for bill in bills] == [8000, 9000]


def test_change_counts_from_the_price_in_force_on_its_day(session: Session) -> None:
    price(session, 8000)
    price(session, 9000, name="Later visit", valid_from=date(2026, 6, 1))
    assert change(session, tax_basis_points=1, valid_from=date(2026, 5, 31)).amount_minor == 8000


@pytest.mark.parametrize("code", ["consultation:unknown", "consultation:cardiology"])
def test_change_without_a_price_on_that_day_is_not_found(session: Session, code: str) -> None:
    price(session, 8000)
    with pytest.raises(NotFound):
        change(session, code, amount_minor=1, valid_from=date(2025, 1, 1))


def test_second_change_from_the_same_day_is_refused(session: Session) -> None:
    price(session, 8000)
    change(session, amount_minor=9000)
    with pytest.raises(Conflict, match="price_exists"):
        change(session, amount_minor=9500)


def test_change_without_a_changed_field_is_refused() -> None:
    with pytest.raises(Invalid):
        ChangePrice.read({"code": "consultation:cardiology"})
