"""NEWS2: all boundary values of chart 1 on both scales, levels, intervals, and patients without a score."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.clinical.vitals import News2Level, News2Status, VitalSign, VitalSigns
from services.clinical.vitals import rules
from services.clinical.vitals.rules import News2, Subject

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WELL: dict[str, Any] = {
    "respiration": 16,
    "spo2": 97,
    "on_oxygen": False,
    "systolic": 120,
    "pulse": 70,
    "consciousness": "A",
    "temperature": 36.8,
}
"""A complete reading with a score of 0."""
ADULT = Subject(months=50 * 12, is_pregnant=False, scale=1)


def score(subject: Subject = ADULT, **values: Any) -> News2:
    """Return the score of a well adult, with these values replaced."""
    return rules.news2(VitalSigns(**{**WELL, **values}), subject, NOON)


def on_scale_2(spo2: float, *, on_oxygen: bool) -> int:
    """Return the points of a saturation alone, on scale 2."""
    return rules.points_of_saturation(spo2, 2, on_oxygen=on_oxygen)


BOUNDARIES: dict[str, dict[float, int]] = {
    "respiration": {0: 3, 8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3, 100: 3},
    "spo2": {0: 3, 91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0, 100: 0},
    "systolic": {20: 3, 90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3, 300: 3},
    "pulse": {0: 3, 40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3, 300: 3},
    "temperature": {20: 3, 35.0: 3, 35.1: 1, 36.0: 1, 36.1: 0, 38.0: 0, 38.1: 1, 39.0: 1, 39.1: 2, 45: 2},
    "on_oxygen": {False: 0, True: 2},
}
CASES = [(sign, value, points) for sign, values in BOUNDARIES.items() for value, points in values.items()]


@pytest.mark.parametrize(("sign", "value", "points"), CASES)
def test_value_has_the_points_of_the_chart(sign: str, value: float, points: int) -> None:
    assert score(**{sign: value}).score == points


@pytest.mark.parametrize(("consciousness", "points"), [("A", 0), ("C", 3), ("V", 3), ("P", 3), ("U", 3)])
def test_consciousness_has_three_points_unless_alert(consciousness: str, points: int) -> None:
    assert score(consciousness=consciousness).score == points


@pytest.mark.parametrize("on_oxygen", [False, True])
@pytest.mark.parametrize(("spo2", "points"), [(0, 3), (83, 3), (84, 2), (85, 2), (86, 1), (87, 1), (88, 0), (92, 0)])
def test_saturation_on_scale_2_is_low_below_88(spo2: float, points: int, on_oxygen: bool) -> None:  # noqa: FBT001  a parameter
    assert on_scale_2(spo2, on_oxygen=on_oxygen) == points


@pytest.mark.parametrize(("spo2", "points"), [(93, 1), (94, 1), (95, 2), (96, 2), (97, 3), (100, 3)])
def test_saturation_on_scale_2_is_too_high_only_on_oxygen(spo2: float, points: int) -> None:
    assert (on_scale_2(spo2, on_oxygen=True), on_scale_2(spo2, on_oxygen=False)) == (points, 0)


@pytest.mark.parametrize(
    ("sign", "value", "points"),
    [
        ("temperature", 38.04, 0),
        ("temperature", 38.05, 1),
        ("temperature", 35.04, 3),
        ("temperature", 35.05, 1),
        ("spo2", 91.4, 3),
        ("spo2", 91.5, 2),
        ("pulse", 90.5, 1),
        ("systolic", 219.5, 3),
        ("respiration", 20.49, 0),
    ],
)
def test_value_is_rounded_half_up_before_banding(sign: str, value: float, points: int) -> None:
    assert score(**{sign: value}).score == points


@pytest.mark.parametrize(
    ("values", "total", "level", "hours"),
    [
        ({}, 0, News2Level.LOW, 12),
        ({"pulse": 91}, 1, News2Level.LOW, 6),
        ({"on_oxygen": True, "pulse": 111}, 4, News2Level.LOW, 6),
        ({"consciousness": "C"}, 3, News2Level.RED_PARAMETER, 1),
        ({"consciousness": "C", "pulse": 91}, 4, News2Level.RED_PARAMETER, 1),
        ({"consciousness": "C", "pulse": 111}, 5, News2Level.URGENT, 1),
        ({"on_oxygen": True, "pulse": 111, "respiration": 21}, 6, News2Level.URGENT, 1),
        ({"consciousness": "C", "pulse": 111, "respiration": 21}, 7, News2Level.EMERGENCY, 0),
    ],
)
def test_total_decides_level_and_next_reading(
    values: dict[str, Any], total: int, level: News2Level, hours: int
) -> None:
    found = score(**values)
    assert (found.score, found.level, found.next_due_at) == (total, level, NOON + timedelta(hours=hours))


def test_worst_reading_has_twenty_points() -> None:
    worst = {"respiration": 30, "spo2": 80, "on_oxygen": True, "systolic": 80, "pulse": 140, "consciousness": "U"}
    assert score(**worst, temperature=34.0).score == 20


@pytest.mark.parametrize("sign", rules.SCORED)
def test_reading_without_a_scored_value_has_no_number(sign: VitalSign) -> None:
    found = score(**{sign: None})
    assert (found.score, found.status, found.missing) == (None, News2Status.INCOMPLETE, (sign,))
    assert (found.level, found.next_due_at) == (None, None)


def test_missing_values_are_named_in_the_order_of_the_chart() -> None:
    found = rules.news2(VitalSigns(pulse=70, pain=4), ADULT, NOON)
    assert found.missing == tuple(sign for sign in rules.SCORED if sign != VitalSign.PULSE)


def test_incomplete_reading_has_the_level_that_it_reaches_already() -> None:
    found = rules.news2(VitalSigns(spo2=80), ADULT, NOON)
    assert (found.score, found.level, found.next_due_at) == (
        None,
        News2Level.RED_PARAMETER,
        NOON + timedelta(hours=1),
    )


def test_saturation_without_known_oxygen_is_not_held_too_high() -> None:
    found = rules.news2(VitalSigns(spo2=98), Subject(600, is_pregnant=False, scale=2), NOON)
    assert (found.level, found.status) == (None, News2Status.INCOMPLETE)


@pytest.mark.parametrize(
    "subject",
    [
        Subject(16 * 12 - 1, is_pregnant=False, scale=1),
        Subject(0, is_pregnant=False, scale=1),
        Subject(30 * 12, is_pregnant=True, scale=1),
        Subject(None, is_pregnant=True, scale=2),
    ],
    ids=str,
)
def test_score_is_not_applicable_to_children_and_in_pregnancy(subject: Subject) -> None:
    assert score(subject, consciousness="U") == News2(News2Status.NOT_APPLICABLE)


def test_score_is_applicable_from_the_sixteenth_birthday() -> None:
    assert score(Subject(16 * 12, is_pregnant=False, scale=1)).status == News2Status.COMPLETE


def test_unknown_birth_date_is_marked_beside_the_score() -> None:
    found = score(Subject(None, is_pregnant=False, scale=1), pulse=91)
    assert (found.score, found.status) == (1, News2Status.AGE_UNKNOWN)


@pytest.mark.parametrize(
    ("birth_date", "months"),
    [
        (date(2010, 11, 23), 192),
        (date(2010, 11, 24), 191),
        (date(2026, 11, 23), 0),
        (date(2012, 2, 29), 176),
        (date(2026, 10, 31), 0),
    ],
)
def test_completed_months_of_life_are_counted(birth_date: date, months: int) -> None:
    assert rules.months_between(birth_date, date(2026, 11, 23)) == months
