"""Flags of abnormal values, by age."""

from typing import Any

import pytest

from contracts.clinical.vitals import VitalSign, VitalSigns
from services.clinical.vitals.ranges import abnormal

ADULT_RANGES = {
    "respiration": (12, 20),
    "systolic": (111, 139),
    "diastolic": (60, 89),
    "pulse": (51, 90),
    "temperature": (36.1, 38.0),
}
STEP = {"temperature": 0.1}
OUTSIDE = [
    (sign, value)
    for sign, (low, high) in ADULT_RANGES.items()
    for value in (low - STEP.get(sign, 1), high + STEP.get(sign, 1))
]


def flagged(months: int | None = 600, scale: int = 1, **values: Any) -> list[str]:
    """Return the abnormal values of a patient of this age."""
    return [str(sign) for sign in abnormal(VitalSigns(**values), months, scale)]


@pytest.mark.parametrize(("sign", "value"), OUTSIDE)
def test_value_outside_the_range_of_adults_is_flagged(sign: str, value: float) -> None:
    assert flagged(**{sign: value}) == [sign]


def test_values_at_the_ends_of_the_ranges_are_usual() -> None:
    assert [flagged(**{sign: value}) for sign, ends in ADULT_RANGES.items() for value in ends] == [[]] * 10


def test_saturation_is_judged_by_the_scale_of_the_patient() -> None:
    assert (flagged(spo2=90), flagged(spo2=90, scale=2)) == (["spo2"], [])
    assert (flagged(spo2=97, on_oxygen=True), flagged(spo2=97, on_oxygen=True, scale=2)) == ([], ["spo2"])


@pytest.mark.parametrize(("values", "found"), [({"pain": 3}, []), ({"pain": 4}, ["pain"])])
def test_pain_is_flagged_from_four_on(values: dict[str, Any], found: list[str]) -> None:
    assert flagged(**values) == found


def test_patient_who_is_not_alert_is_flagged() -> None:
    assert (flagged(consciousness="A"), flagged(consciousness="C")) == ([], ["consciousness"])


def test_flags_have_the_order_of_the_fields() -> None:
    found = flagged(consciousness="U", pulse=200, systolic=60, diastolic=20, pain=9, weight_kg=70, height_cm=170)
    assert (
        found
        == [sign for sign in VitalSign if sign in found]
        == [
            "systolic",
            "diastolic",
            "pulse",
            "consciousness",
            "pain",
        ]
    )


@pytest.mark.parametrize(
    ("months", "usual", "unusual"),
    [
        (0, 140, 150),
        (2, 149, 110),
        (3, 101, 100),
        (11, 149, 150),
        (12, 119, 120),
        (47, 91, 90),
        (48, 71, 110),
        (143, 109, 70),
        (144, 99, 100),
        (191, 61, 60),
        (192, 90, 91),
    ],
)
def test_pulse_is_judged_by_age(months: int, usual: float, unusual: float) -> None:
    assert (flagged(months, pulse=usual), flagged(months, pulse=unusual)) == ([], ["pulse"])


def test_diastolic_pressure_of_a_child_is_not_judged() -> None:
    assert flagged(24, diastolic=30) == []


def test_child_is_flagged_for_fever_and_low_saturation() -> None:
    assert (flagged(24, temperature=38.5, spo2=95), flagged(24, temperature=38.6, spo2=94)) == (
        [],
        ["temperature", "spo2"],
    )


def test_unknown_age_is_judged_as_an_adult() -> None:
    assert flagged(None, pulse=95) == ["pulse"]
