"""The catalogue in use, with right, faulty and missing data."""

from decimal import Decimal
from pathlib import Path

import pytest

from chassis import config
from chassis.errors import Invalid, Unavailable
from contracts.clinical.data import DataStatus
from contracts.clinical.lab_catalogue import LabFlag
from services.clinical.lab_catalogue import catalogue, tables
from services.clinical.lab_catalogue.rules import interpret
from services.clinical.settings import ClinicalSettings
from tests.clinical.catalogue_factories import CODE, UNIT, folder_of, sign
from tests.ward import settings


def of_clinical(folder: Path) -> dict[type, object]:
    return {ClinicalSettings: ClinicalSettings(lab_data=folder)}


def _edit(folder: Path, name: str) -> None:
    with (folder / name).open("a") as file:
        file.write("\n")


def test_shipped_catalogue_has_the_critical_limits_of_arup() -> None:
    expected = {"2823-3": ("3.0", "6.1"), "2951-2": ("120", "160"), "2345-7": ("40", "450"), "17861-6": ("6.0", "13.0")}
    known = catalogue.load(catalogue.SHIPPED)
    found = {code: known.ranges[code][-1] for code in expected}
    limits = {code: (each.critical_low, each.critical_high) for code, each in found.items()}
    assert {code: tuple(str(bound and bound.value) for bound in each) for code, each in limits.items()} == expected


@pytest.mark.parametrize(
    ("code", "value", "unit", "flag"),
    [
        ("2823-3", "2.9", "mmol/L", LabFlag.CRITICAL_LOW),
        ("2823-3", "3.0", "mmol/L", LabFlag.LOW),
        ("2823-3", "6.1", "mmol/L", LabFlag.HIGH),
        ("2823-3", "6.2", "mmol/L", LabFlag.CRITICAL_HIGH),
        ("2951-2", "119", "mmol/L", LabFlag.CRITICAL_LOW),
        ("2951-2", "161", "mmol/L", LabFlag.CRITICAL_HIGH),
        ("2345-7", "39", "mg/dL", LabFlag.CRITICAL_LOW),
        ("2345-7", "451", "mg/dL", LabFlag.CRITICAL_HIGH),
        ("17861-6", "5.9", "mg/dL", LabFlag.CRITICAL_LOW),
        ("17861-6", "13.1", "mg/dL", LabFlag.CRITICAL_HIGH),
        ("6301-6", "4.9", "{INR}", LabFlag.NO_RANGE),
        ("6301-6", "5.0", "{INR}", LabFlag.CRITICAL_HIGH),
        ("718-7", "6.9", "g/dL", LabFlag.CRITICAL_LOW),
        ("718-7", "7.0", "g/dL", LabFlag.LOW),
    ],
)
@pytest.mark.parametrize("age_days", [3000, 15_000])
def test_critical_limits_hold_for_children_and_adults(
    code: str, value: str, unit: str, flag: LabFlag, age_days: int
) -> None:
    found = interpret(catalogue.load(catalogue.SHIPPED), code, Decimal(value), unit, "female", age_days)
    assert found.flag == (flag if flag.is_critical or age_days > 6575 else LabFlag.NO_RANGE)


@pytest.mark.parametrize(
    ("sex", "value", "flag"),
    [
        ("female", "11.9", LabFlag.LOW),
        ("female", "12.0", LabFlag.NORMAL),
        ("female", "16.1", LabFlag.HIGH),
        ("male", "13.9", LabFlag.LOW),
        ("male", "16.1", LabFlag.NORMAL),
        ("other", "13.0", LabFlag.NO_RANGE),
        ("unknown", "6.9", LabFlag.CRITICAL_LOW),
        (None, "21.1", LabFlag.CRITICAL_HIGH),
    ],
)
def test_hemoglobin_depends_on_sex(sex: str | None, value: str, flag: LabFlag) -> None:
    assert interpret(catalogue.load(catalogue.SHIPPED), "718-7", Decimal(value), "g/dL", sex, 15_000).flag == flag


def test_setting_replaces_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_current", settings(of_services=of_clinical(folder_of(tmp_path))))
    assert (catalogue.current().version, list(catalogue.current().tests)) == ("7", [CODE])


@pytest.mark.parametrize("name", [tables.RANGES, tables.TESTS])
def test_edited_file_is_not_used(tmp_path: Path, name: str) -> None:
    _edit(folder_of(tmp_path), name)
    found = catalogue.load(tmp_path)
    assert (found.status, found.ranges) == (DataStatus.EDITED, {})
    assert bool(found.tests) == (name == tables.RANGES)


def test_value_has_no_range_without_usable_ranges(tmp_path: Path) -> None:
    _edit(folder_of(tmp_path), tables.RANGES)
    found = interpret(catalogue.load(tmp_path), CODE, Decimal("4.1"), UNIT, "male", 15_000)
    assert (found.flag, found.low, found.critical_low) == (LabFlag.NO_RANGE, None, None)


def test_test_is_refused_without_a_list_of_tests(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        catalogue.load(tmp_path / "nowhere").test(CODE)
    assert (refused.value.code, refused.value.facts["status"]) == ("catalogue_unavailable", "missing")


def test_unknown_test_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        catalogue.load(folder_of(tmp_path)).test("2951-2")
    assert refused.value.code == "unknown_test"


def test_readiness_shows_each_change_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_current", settings(of_services=of_clinical(folder_of(tmp_path))))
    found = [catalogue.notice()]
    sign(tmp_path, "Dr Lena Weiss")
    found.append(catalogue.notice())
    _edit(tmp_path, tables.RANGES)
    found.append(catalogue.notice())
    (tmp_path / "manifest.toml").unlink()
    assert [*found, catalogue.notice()] == [
        {"state": "unreviewed", "version": "7"},
        {"state": "reviewed", "version": "7"},
        {"state": "edited", "version": "7"},
        {"state": "missing", "version": None},
    ]
