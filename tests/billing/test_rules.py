"""Pure rules of billing."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict
from services.billing import rules
from services.billing.rules import Balance

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AMOUNTS = st.integers(0, 10**12)


def price(valid_from: date, currency: str = "EUR") -> Any:
    return SimpleNamespace(valid_from=valid_from, currency=currency)


def test_code_ignores_case_and_spacing() -> None:
    assert rules.consultation_code("  General   Practice ") == "consultation:general practice"
    assert rules.normal_code("Consultation:General Practice") == "consultation:general practice"


def test_day_of_a_visit_is_in_the_zone_of_the_hospital() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert rules.day_of(late, ZoneInfo("Europe/Berlin")) == date(2026, 11, 23)
    assert rules.day_of(late, ZoneInfo("America/New_York")) == date(2026, 11, 22)


def test_newest_valid_price_counts() -> None:
    old, new, next_year = price(date(2026, 1, 1)), price(date(2026, 6, 1)), price(date(2027, 1, 1))
    assert rules.price_on([new, next_year, old], date(2026, 11, 23), "EUR") is new
    assert rules.price_on([new, old], date(2026, 6, 1), "EUR") is new
    assert rules.price_on([new, old], date(2026, 5, 31), "EUR") is old


def test_price_does_not_count_early_or_in_another_currency() -> None:
    assert rules.price_on([price(date(2026, 6, 1))], date(2026, 5, 31), "EUR") is None
    assert rules.price_on([price(date(2026, 1, 1), "USD")], date(2026, 5, 31), "EUR") is None


def test_held_line_counts_nothing() -> None:
    lines = [
        SimpleNamespace(quantity=3, unit_price_minor=250, discount_minor=50, tax_minor=7),
        SimpleNamespace(quantity=1, unit_price_minor=None, discount_minor=0, tax_minor=0),
    ]
    assert rules.total_of(lines) == 707


def test_invoice_over_nothing_is_paid() -> None:
    assert rules.status_of(NOW, Balance(0, 0)) == "paid"


@given(AMOUNTS, AMOUNTS)
def test_status_follows_from_the_ledger(charged: int, credited: int) -> None:
    balance = Balance(charged, credited)
    status = rules.status_of(NOW, balance)
    assert rules.status_of(None, balance) == "draft"
    assert (status == "paid") == (credited >= charged)
    assert (status == "issued") == (credited == 0 < charged)
    assert (status == "part_paid") == (0 < credited < charged)


@given(AMOUNTS, AMOUNTS, st.none() | st.integers(1, 10**12))
def test_payment_never_exceeds_the_open_amount(charged: int, credited: int, wanted: int | None) -> None:
    balance = Balance(charged, credited)
    if balance.open_minor <= 0 or (wanted or 0) > balance.open_minor:
        with pytest.raises(Conflict):
            rules.amount_to_pay(balance, wanted)
    else:
        assert rules.amount_to_pay(balance, wanted) == (wanted or balance.open_minor)


def test_refusal_of_a_high_amount_names_the_open_amount() -> None:
    with pytest.raises(Conflict) as refused:
        rules.amount_to_pay(Balance(8000, 3000), 5001)
    assert (refused.value.code, refused.value.facts) == ("more_than_open", {"open_minor": 5000})
