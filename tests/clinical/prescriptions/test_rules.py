"""Fills of prescriptions, the time of the next fill, and the end of a course."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.clinical.prescriptions import rules
from services.clinical.prescriptions.rules import Course, Fill

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUANTITIES, REFILLS = st.integers(1, 200), st.integers(0, 12)


def after(days: float) -> datetime:
    return NOW + timedelta(days=days)


def test_first_fill_is_open_at_once() -> None:
    assert rules.before_fills(21, 7, 2, NOW) == Course(0, NOW, after(21))


def test_unfinished_fill_stays_open() -> None:
    assert rules.after_fill(21, 7, 42, 20, NOW) == Course(20, NOW, after(14))


def test_next_fill_opens_when_three_quarters_are_used_up() -> None:
    assert rules.after_fill(30, 40, 60, 30, NOW) == Course(30, after(30), after(80))


def test_last_fill_opens_nothing_and_lasts_for_its_days() -> None:
    assert rules.after_fill(21, 7, 42, 42, NOW) == Course(42, None, after(7))


def test_fills_left_count_an_unfinished_fill() -> None:
    assert [rules.fills_left(10, 30, dispensed) for dispensed in (0, 1, 10, 29, 30)] == [3, 3, 2, 1, 0]


def test_fill_has_left_what_was_not_dispensed() -> None:
    assert [rules.left_of_fill(10, 30, dispensed) for dispensed in (0, 1, 10, 29, 30)] == [10, 9, 10, 1, 0]


def test_refills_are_left_after_a_dispense_with_a_further_fill() -> None:
    assert [rules.has_refills(10, 20, dispensed) for dispensed in (0, 1, 10, 11)] == [False, True, True, False]


def test_renewal_takes_over_the_fills_that_were_not_begun() -> None:
    assert rules.owed(10, 30, 30, 10) == Fill(10, 30, 1)
    assert rules.owed(10, 30, 30, 15) == Fill(10, 30, 0)


def test_renewal_takes_over_the_rest_of_the_last_fill() -> None:
    assert rules.owed(10, 30, 30, 26) == Fill(4, 12, 0)
    assert rules.owed(10, 30, 30, 30) is None


@given(QUANTITIES, REFILLS, st.data())
def test_renewal_never_owes_more_than_was_left(quantity: int, refills: int, data: st.DataObject) -> None:
    most = rules.allowed(quantity, refills)
    dispensed = data.draw(st.integers(0, most))
    fill = rules.owed(quantity, 30, most, dispensed)
    owed = rules.allowed(fill.quantity, fill.refills) if fill else 0
    assert owed <= most - dispensed
    assert (owed == 0) == (most == dispensed)


@given(QUANTITIES, REFILLS, st.data())
def test_part_of_a_fill_never_exceeds_fill_or_prescription(quantity: int, refills: int, data: st.DataObject) -> None:
    most = rules.allowed(quantity, refills)
    dispensed = data.draw(st.integers(0, most))
    left = rules.left_of_fill(quantity, most, dispensed)
    assert 0 <= left <= quantity
    assert dispensed + left <= most
