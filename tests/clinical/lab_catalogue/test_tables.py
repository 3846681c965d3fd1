"""The checks of the catalogue's files: one faulty row, and the file is not used."""

from pathlib import Path

import pytest

from services.clinical.data import manifest
from services.clinical.data.manifest import DataError
from services.clinical.lab_catalogue import catalogue, tables
from tests.clinical.catalogue_factories import CODE, RANGE, TEST, folder_of

CHILD = {**RANGE, "age_from_days": "0", "age_to_days": "6575"}


def _load(folder: Path) -> None:
    found = manifest.read(folder)
    tables.ranges_of(found, tables.tests_of(found))


def _refused(folder: Path, **files: list[dict[str, str]]) -> str:
    """Load a faulty catalogue; return the text of the refusal."""
    with pytest.raises(DataError) as refused:
        _load(folder_of(folder, **files))
    return str(refused.value)


def test_shipped_catalogue_is_valid() -> None:
    found = manifest.read(catalogue.SHIPPED)
    tests = tables.tests_of(found)
    assert len(tests) > 60
    assert set(tables.ranges_of(found, tests)) <= set(tests)


@pytest.mark.parametrize("code", ["2823-3", "718-7", "12345-5", "62292-8"])
def test_check_digit_of_a_loinc_code_is_accepted(code: str) -> None:
    assert tables.is_loinc(code)


@pytest.mark.parametrize("code", ["2823-4", "2832-3", "2823", "-3", "28x3-3", ""])
def test_wrong_check_digit_is_refused(code: str) -> None:
    assert not tables.is_loinc(code)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"code": "2823-4"}, "no LOINC code"),
        ({"decimals": "9"}, "decimals"),
        ({"unit": ""}, "unit is empty"),
        ({"delta_percent": "20"}, "invalid literal"),
        ({"delta_days": "3", "delta_source": "A source."}, "needs a limit"),
        ({"delta_percent": "20", "delta_days": "3"}, "delta_source is empty"),
        ({"delta_absolute": "-1", "delta_days": "3", "delta_source": "A source."}, "above 0"),
    ],
)
def test_faulty_test_is_refused_with_its_line(tmp_path: Path, change: dict[str, str], fault: str) -> None:
    text = _refused(tmp_path, tests=[{**TEST, **change}])
    assert text.startswith("lab_tests.csv, line 2")
    assert fault in text


def test_code_must_be_unique(tmp_path: Path) -> None:
    assert "twice" in _refused(tmp_path, tests=[TEST, TEST])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"test": "2951-2"}, "not in lab_tests.csv"),
        ({"sex": "other"}, "sex must be"),
        ({"unit": "meq/L"}, "unit of 2823-3 is mmol/L"),
        ({"age_to_days": "6575"}, "wrong order"),
        ({"low": "5.1"}, "wrong order"),
        ({"critical_low": "<3.6"}, "wrong order"),
        ({"low": "3.55"}, "1 decimals"),
        ({"critical_high": "6.1"}, "starts with >"),
        ({"critical_low": "<NaN"}, "must be a number"),
        ({"source": " "}, "source is empty"),
    ],
)
def test_faulty_range_is_refused_with_its_line(tmp_path: Path, change: dict[str, str], fault: str) -> None:
    text = _refused(tmp_path, ranges=[{**RANGE, **change}])
    assert text.startswith("reference_ranges.csv, line 2")
    assert fault in text


@pytest.mark.parametrize(
    "other",
    [
        RANGE,
        {**RANGE, "sex": "female"},
        {**RANGE, "age_from_days": "7000"},
        {**RANGE, "age_from_days": "0", "age_to_days": "6576"},
    ],
)
def test_overlapping_ranges_are_refused(tmp_path: Path, other: dict[str, str]) -> None:
    assert f"two ranges of {CODE} overlap" in _refused(tmp_path, ranges=[RANGE, other])


def test_ranges_side_by_side_are_accepted(tmp_path: Path) -> None:
    sexes = [{**RANGE, "sex": sex} for sex in ("male", "female")]
    found = manifest.read(folder_of(tmp_path, ranges=[CHILD, *sexes]))
    assert len(tables.ranges_of(found, tables.tests_of(found))[CODE]) == 3
