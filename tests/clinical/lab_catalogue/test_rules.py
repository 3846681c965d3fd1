"""The interpretation of values: flags at their limits, impossible values, and changes since the last value."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from contracts.clinical.lab_catalogue import LabFlag
from services.clinical.lab_catalogue.rules import Bound, DeltaRule, Interpretation, Limits, delta, interpret
from tests.clinical.catalogue_factories import ADULT, CODE, UNIT, catalogue_of, lab_test, reference_range

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _interpreted(value: str, *ranges: Any, sex: str | None = "male", age: int | None = ADULT, **more: Any) -> Any:
    known = catalogue_of(*(ranges or (reference_range(),)))
    return interpret(known, CODE, Decimal(value), UNIT, sex, age, **more)


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        ("0.5", LabFlag.CRITICAL_LOW),
        ("2.9", LabFlag.CRITICAL_LOW),
        ("3.0", LabFlag.LOW),
        ("3.4", LabFlag.LOW),
        ("3.5", LabFlag.NORMAL),
        ("5.0", LabFlag.NORMAL),
        ("5.1", LabFlag.HIGH),
        ("6.1", LabFlag.HIGH),
        ("6.2", LabFlag.CRITICAL_HIGH),
        ("20.0", LabFlag.CRITICAL_HIGH),
    ],
)
def test_flag_changes_at_the_limits(value: str, flag: LabFlag) -> None:
    assert _interpreted(value).flag == flag


def test_flag_is_that_of_the_reported_value() -> None:
    found = _interpreted("2.95")
    assert (found.value, found.flag) == (Decimal("3.0"), LabFlag.LOW)


def test_inclusive_limit_is_critical_itself() -> None:
    bounds = {"critical_low": Bound(Decimal("3.0"), inclusive=True), "critical_high": None}
    assert _interpreted("3.0", reference_range(**bounds)).flag == LabFlag.CRITICAL_LOW


def test_interpretation_names_the_limits() -> None:
    found = _interpreted("4.1")
    limits = (found.low, found.high, found.critical_low, found.critical_high)
    assert limits == tuple(map(Decimal, ("3.5", "5.0", "3.0", "6.1")))


@pytest.mark.parametrize(("age", "flag"), [(ADULT - 1, LabFlag.NO_RANGE), (ADULT, LabFlag.NORMAL)])
def test_range_starts_at_its_age(age: int, flag: LabFlag) -> None:
    assert _interpreted("4.1", age=age).flag == flag


@pytest.mark.parametrize(("age", "flag"), [(99, LabFlag.NORMAL), (100, LabFlag.NO_RANGE)])
def test_range_ends_before_its_last_age(age: int, flag: LabFlag) -> None:
    assert _interpreted("4.1", reference_range(age_from_days=0, age_to_days=100), age=age).flag == flag


def test_value_without_a_range_is_never_normal() -> None:
    found = interpret(catalogue_of(), CODE, Decimal("4.1"), UNIT, "male", ADULT)
    assert found == Interpretation(Decimal("4.1"), None, None, LabFlag.NO_RANGE, None, None)


@pytest.mark.parametrize("sex", ["other", "unknown", None])
def test_patient_of_another_sex_has_no_range_of_one_sex(sex: str | None) -> None:
    sexes = [reference_range(sex="male"), reference_range(sex="female", high=Decimal("4.0"))]
    assert _interpreted("4.1", *sexes, sex=sex).flag == LabFlag.NO_RANGE


def test_value_without_a_sex_is_critical_for_both_sexes() -> None:
    lower = reference_range(sex="female", critical_high=Bound(Decimal("5.5")))
    flags = [_interpreted(value, reference_range(sex="male"), lower, sex=None).flag for value in ("6.0", "6.2")]
    assert flags == [LabFlag.NO_RANGE, LabFlag.CRITICAL_HIGH]


def test_value_without_an_age_is_critical_at_each_age() -> None:
    child = reference_range(age_from_days=0, age_to_days=ADULT, low=None, high=None)
    flags = [_interpreted(value, child, reference_range(), age=None).flag for value in ("4.1", "6.2")]
    assert flags == [LabFlag.NO_RANGE, LabFlag.CRITICAL_HIGH]


@pytest.mark.parametrize(
    ("low", "high", "value", "flag"),
    [
        (None, "7.0", "7.0", LabFlag.HIGH),
        (None, "7.0", "7.1", LabFlag.CRITICAL_HIGH),
        (None, "7.0", "2.9", LabFlag.CRITICAL_LOW),
        ("2.5", None, "2.9", LabFlag.LOW),
        ("2.5", "7.0", "2.4", LabFlag.CRITICAL_LOW),
        (None, "5.5", "5.6", LabFlag.CRITICAL_HIGH),
    ],
)
def test_limit_of_the_patient_replaces_that_of_the_range(
    low: str | None, high: str | None, value: str, flag: LabFlag
) -> None:
    limit = Limits(low and Decimal(low), high and Decimal(high))  # type: ignore[arg-type]  # None or text
    assert _interpreted(value, limit=limit).flag == flag


def test_limit_of_the_patient_counts_without_a_range() -> None:
    found = interpret(catalogue_of(), CODE, Decimal("7.1"), UNIT, "male", ADULT, Limits(None, Decimal("7.0")))
    assert (found.flag, found.critical_high) == (LabFlag.CRITICAL_HIGH, Decimal("7.0"))


@pytest.mark.parametrize("value", ["0.4", "20.1", "-1", "410"])
@pytest.mark.parametrize("age", [ADULT, 0])
def test_impossible_value_is_refused_with_the_limits(value: str, age: int) -> None:
    with pytest.raises(Invalid) as refused:
        _interpreted(value, age=age)
    facts = refused.value.facts
    assert (refused.value.code, facts["lowest"], facts["highest"]) == ("absurd_value", 0.5, 20.0)


@pytest.mark.parametrize("unit", ["mg/dL", "mmol/l", "meq/L", ""])
def test_other_unit_is_refused(unit: str) -> None:
    with pytest.raises(Invalid) as refused:
        interpret(catalogue_of(reference_range()), CODE, Decimal("4.1"), unit, "male", ADULT)
    assert (refused.value.code, refused.value.facts["unit"]) == ("wrong_unit", UNIT)


@given(st.decimals(min_value="0.5", max_value="20.0", places=1))
def test_each_possible_value_has_exactly_the_flag_of_its_interval(value: Decimal) -> None:
    steps = [("3.0", LabFlag.CRITICAL_LOW), ("3.5", LabFlag.LOW), ("5.1", LabFlag.NORMAL), ("6.2", LabFlag.HIGH)]
    expected = next((flag for limit, flag in steps if value < Decimal(limit)), LabFlag.CRITICAL_HIGH)
    assert _interpreted(str(value)).flag == expected


def _delta(rule: DeltaRule | None, before: str, after: str, *, days: float = 1) -> Any:
    return delta(lab_test(delta=rule), Decimal(before), NOON - timedelta(days=days), Decimal(after), NOON)


PERCENT, ABSOLUTE = DeltaRule(Decimal(50), None, 3), DeltaRule(None, Decimal("1.5"), 3)
BOTH = DeltaRule(Decimal(50), Decimal("0.5"), 7)


@pytest.mark.parametrize(
    ("rule", "before", "after", "hit"),
    [
        (None, "4.0", "9.0", False),
        (PERCENT, "4.0", "6.0", False),
        (PERCENT, "4.0", "6.1", True),
        (PERCENT, "4.0", "1.9", True),
        (PERCENT, "0.0", "0.1", True),
        (PERCENT, "0.0", "0.0", False),
        (ABSOLUTE, "4.0", "5.5", False),
        (ABSOLUTE, "4.0", "2.4", True),
        (BOTH, "0.5", "0.9", False),
        (BOTH, "4.0", "4.6", False),
        (BOTH, "1.0", "1.6", True),
    ],
)
def test_change_is_a_hit_if_it_exceeds_each_limit(rule: DeltaRule | None, before: str, after: str, hit: bool) -> None:  # noqa: FBT001  a parameter
    assert bool(_delta(rule, before, after)) == hit


@pytest.mark.parametrize(("days", "hit"), [(0, True), (3, True), (3.01, False), (-0.1, False)])
def test_change_counts_within_the_days_of_the_rule(days: float, hit: bool) -> None:  # noqa: FBT001  a parameter
    assert bool(_delta(ABSOLUTE, "4.0", "6.0", days=days)) == hit


def test_hit_names_the_former_value_and_the_change() -> None:
    found = _delta(ABSOLUTE, "4.0", "6.0")
    assert (found.previous_value, found.change, found.percent) == (Decimal("4.0"), Decimal("2.0"), Decimal(50))
    assert found.previous_at == NOON - timedelta(days=1)
