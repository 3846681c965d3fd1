"""Builders of laboratory catalogues: folders of reference data, and catalogues with one test."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from contracts.clinical.data import DataStatus
from services.clinical.lab_catalogue import tables
from services.clinical.lab_catalogue.rules import Bound, Catalogue, DeltaRule, LabTest, ReferenceRange

CODE, UNIT, ADULT = "2823-3", "mmol/L", 6575
TEST = {"code": CODE, "name": "Potassium", "specimen": "serum", "unit": UNIT, "decimals": "1"}
RANGE = {
    "test": CODE,
    "sex": "any",
    "age_from_days": "6575",
    "low": "3.5",
    "high": "5.0",
    "critical_low": "<3.0",
    "critical_high": ">6.1",
    "absurd_low": "0.5",
    "absurd_high": "20.0",
    "unit": UNIT,
    "source": "A source.",
}


def table(folder: Path, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def folder_of(
    folder: Path, tests: Sequence[Mapping[str, str]] = (TEST,), ranges: Sequence[Mapping[str, str]] = (RANGE,)
) -> Path:
    """Write a catalogue with a right manifest; return its folder."""
    table(folder, tables.TESTS, tables.TEST_COLUMNS, tests)
    table(folder, tables.RANGES, tables.RANGE_COLUMNS, ranges)
    sign(folder)
    return folder


def sign(folder: Path, reviewed_by: str = "") -> None:
    """Write the manifest of the files as they are now."""
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.csv"))}
    files = "\n".join(f'"{name}" = "{digest}"' for name, digest in digests.items())
    head = f'version = "7"\nreviewed_by = "{reviewed_by}"\nloinc_notice = "A notice."\n'
    (folder / "manifest.toml").write_text(f"{head}[files]\n{files}\n", encoding="utf-8")


def lab_test(**facts: Any) -> LabTest:
    """Return a test of potassium."""
    return LabTest(**{**TEST, "decimals": 1, "delta": None, **facts})


def reference_range(**facts: Any) -> ReferenceRange:
    """Return the range of potassium of adults."""
    limits = {"low": Decimal("3.5"), "high": Decimal("5.0"), "absurd_low": Decimal("0.5"), "absurd_high": Decimal(20)}
    critical = {"critical_low": Bound(Decimal("3.0")), "critical_high": Bound(Decimal("6.1"))}
    ages = {"age_from_days": ADULT, "age_to_days": None}
    named = {"test": CODE, "sex": "any", "unit": UNIT, "source": "A source."}
    return ReferenceRange(**{**named, **ages, **limits, **critical, **facts})


def catalogue_of(*ranges: ReferenceRange, delta: DeltaRule | None = None) -> Catalogue:
    """Return a catalogue with potassium alone."""
    tests = {CODE: lab_test(delta=delta)}
    return Catalogue("7", DataStatus.UNREVIEWED, "A notice.", tests, {CODE: list(ranges)} if ranges else {})
