"""Pure rules: which batches are dispensed, keys of items, and dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from services.clinical.inventory import rules
from services.clinical.inventory.rules import Stock

TODAY = date(2026, 11, 23)
STOCKS = st.lists(
    st.builds(
        Stock,
        st.builds(uuid7),
        st.sampled_from("ABC"),
        st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3)),
        st.integers(0, 9),
    ),
    max_size=6,
)


@given(STOCKS, st.integers(1, 30))
def test_dispensing_takes_all_it_can_from_usable_batches(held: list[Stock], quantity: int) -> None:
    usable = sum(stock.quantity for stock in held if stock.expires_on >= TODAY)
    taken = rules.earliest_first(held, quantity, TODAY)
    assert sum(part.quantity for part in taken) == min(quantity, usable)


@given(STOCKS, st.integers(1, 30))
def test_dispensing_empties_each_batch_before_a_later_one(held: list[Stock], quantity: int) -> None:
    taken = rules.earliest_first(held, quantity, TODAY)
    stock_of = {stock.batch_id: stock for stock in held}
    assert [part.expires_on for part in taken] == sorted(part.expires_on for part in taken)
    assert all(part.quantity == stock_of[part.batch_id].quantity for part in taken[:-1])
    assert all(part.expires_on >= TODAY for part in taken)


@given(STOCKS, st.integers(1, 30))
def test_dispensing_skips_no_earlier_usable_batch(held: list[Stock], quantity: int) -> None:
    taken = rules.earliest_first(held, quantity, TODAY)
    names = {part.batch_id for part in taken}
    skipped = [one for one in held if one.quantity and one.expires_on >= TODAY and one.batch_id not in names]
    assert all(part.expires_on <= other.expires_on for part in taken for other in skipped)


@pytest.mark.parametrize(("days", "is_expired"), [(-1, True), (0, False), (1, False)])
def test_batch_expires_after_its_expiry_date(days: int, *, is_expired: bool) -> None:
    assert rules.is_expired(TODAY + timedelta(days=days), TODAY) is is_expired


@pytest.mark.parametrize(
    ("usable", "level", "is_low"), [(9, 10, True), (10, 10, False), (0, 0, False), (0, None, False)]
)
def test_stock_is_low_below_the_reorder_level(usable: int, level: int | None, *, is_low: bool) -> None:
    assert rules.is_low(usable, level) is is_low


@pytest.mark.parametrize(("days", "is_overdue"), [(-1, True), (0, False)])
def test_service_is_overdue_after_its_date(days: int, *, is_overdue: bool) -> None:
    assert rules.is_overdue(TODAY + timedelta(days=days), TODAY) is is_overdue


def test_serial_key_ignores_case_and_blanks() -> None:
    assert rules.serial_key("SN 12-a") == rules.serial_key("sn12-A") != rules.serial_key("sn12-B")


def test_search_key_is_short_enough_for_its_column() -> None:
    assert len(rules.search_key("ΐ" * 200, "ΐ" * 200)) == 500
