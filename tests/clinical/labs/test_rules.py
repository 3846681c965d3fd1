"""Pure rules of the laboratory: the state of an order, specimens, and ages."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from contracts.clinical.labs.states import LabStatus
from services.clinical.labs import rules

BIRTH, BERLIN = date(2026, 11, 1), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("tests", "status"),
    [
        (["ordered", "verified"], "ordered"),
        (["collected", "received"], "collected"),
        (["rejected", "ordered"], "rejected"),
        (["verified", "cancelled"], "verified"),
        (["cancelled", "cancelled"], "cancelled"),
    ],
)
def test_order_has_the_state_of_its_least_advanced_test(tests: list[str], status: str) -> None:
    assert rules.status_of(LabStatus(test) for test in tests) == status


@pytest.mark.parametrize(
    ("specimen", "suits"), [("serum", True), (" Plasma ", True), ("serum or plasma", True), ("urine", False)]
)
def test_specimen_suits_each_kind_that_the_test_allows(specimen: str, suits: bool) -> None:  # noqa: FBT001  a parameter
    assert rules.suits(specimen, "serum or plasma") is suits


def test_every_state_has_a_place() -> None:
    assert set(rules.STEPS) == set(LabStatus)


def test_accession_number_has_eight_digits() -> None:
    assert rules.accession(42) == "L-00000042"


@pytest.mark.parametrize(
    ("at", "days"),
    [
        (datetime(2026, 11, 1, 12, tzinfo=UTC), 0),
        (datetime(2026, 11, 2, 23, 30, tzinfo=UTC), 2),
        (datetime(2026, 10, 31, 22, tzinfo=UTC), 0),
    ],
)
def test_age_counts_days_of_the_hospital(at: datetime, days: int) -> None:
    assert rules.age_in_days(BIRTH, at, BERLIN) == days


def test_age_is_unknown_without_a_birth_date() -> None:
    assert rules.age_in_days(None, datetime(2026, 11, 1, tzinfo=UTC), BERLIN) is None
