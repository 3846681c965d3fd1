"""The CSV files of the medicine data: reading and validation. Every problem is named with its file and row."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from contracts.clinical.medicines import Severity
from contracts.clinical.prescriptions import Route
from services.clinical.medicines.doses import MILLIGRAMS
from services.clinical.medicines.rules import CrossAllergy, DoseLimit, Interaction, Substance, normal

T = TypeVar("T")
Row = Mapping[str, str]
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "substances.csv": ("substance", "synonyms", "rxnorm", "classes"),
    "interactions.csv": (
        "id",
        "left",
        "right",
        "severity",
        "effect",
        "advice",
        "source",
        "source_ref",
        "reviewed_on",
    ),
    "allergy_classes.csv": (
        "id",
        "left",
        "right",
        "severity",
        "after_severe_delayed",
        "effect",
        "source",
        "source_ref",
        "reviewed_on",
    ),
    "dose_limits.csv": (
        "substance",
        "route",
        "population",
        "max_single",
        "max_daily",
        "per_kg",
        "unit",
        "source",
        "source_ref",
    ),
}
"""The files and their columns. Several values of a column are separated by `;`."""
POPULATIONS = ("adult", "adolescent", "child", "any")
"""From 18 years, from 12 years, under 12 years, and all ages, as FDA labels group them."""
NO_FINDING = "none"
"""The severity of a row that says that two substances share no allergy."""
UNITS = frozenset(MILLIGRAMS) | {"[iU]", "mL", "meq"}
CLASS = re.compile(r"[a-z][a-z0-9_]*")


class CorruptError(Exception):
    """The data is not valid; the text names each problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def rows_of(name: str, text: str) -> list[Row]:
    """Return the rows of a file. CorruptError: its columns are others, or a row is too short or too long."""
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        rows: list[Row] = list(reader)
    except csv.Error as error:
        raise CorruptError([f"{name}: {error}"]) from None
    if tuple(reader.fieldnames or ()) != COLUMNS[name]:
        raise CorruptError([f"{name}: the columns are not {', '.join(COLUMNS[name])}"])
    wrong = [number for number, row in enumerate(rows, 2) if None in row or None in row.values()]
    if wrong:
        raise CorruptError([f"{name}, row {number}: it has not {len(COLUMNS[name])} values" for number in wrong])
    return rows


def read_rows(name: str, rows: Sequence[Row], make: Callable[[Row], T]) -> list[T]:
    """Make a value of each row. CorruptError names each row that cannot be one."""
    made, problems = list[T](), list[str]()
    for number, row in enumerate(rows, 2):
        try:
            made.append(make(row))
        except ValueError as error:
            problems.append(f"{name}, row {number}: {error}")
    if problems:
        raise CorruptError(problems)
    return made


def substance_of(row: Row) -> Substance:
    """Read a substance. ValueError: a name is not in small letters, or the RxNorm id is not a number."""
    classes = frozenset(_list(row["classes"]))
    wrong = [name for name in classes if not CLASS.fullmatch(name)]
    if wrong:
        raise ValueError(f"{wrong} are not names of classes")
    if row["rxnorm"] and not row["rxnorm"].isdigit():
        raise ValueError(f"{row['rxnorm']!r} is not an RxNorm id")
    return Substance(_name(row["substance"]), tuple(map(_name, _list(row["synonyms"]))), row["rxnorm"], classes)


def interaction_of(row: Row) -> Interaction:
    """Read an interaction. ValueError: the severity is unknown, or a text or the source is missing."""
    texts = _filled(row, "id", "left", "right", "effect", "advice", "source", "source_ref")
    return Interaction(**texts, severity=Severity(row["severity"]), reviewed_on=_date(row["reviewed_on"]))


def cross_allergy_of(row: Row) -> CrossAllergy:
    """Read a row of shared allergies. ValueError as for interactions."""
    texts = _filled(row, "id", "left", "right", "effect", "source", "source_ref")
    return CrossAllergy(
        **texts,
        severity=_severity(row["severity"]),
        after_severe_delayed=_severity(row["after_severe_delayed"]),
        reviewed_on=_date(row["reviewed_on"]),
    )


def dose_limit_of(row: Row) -> DoseLimit:
    """Read a limit. ValueError: a number is not above zero, or route, population or unit is unknown."""
    texts = _filled(row, "substance", "population", "unit", "source", "source_ref")
    if row["population"] not in POPULATIONS:
        raise ValueError(f"{row['population']!r} is none of {', '.join(POPULATIONS)}")
    if row["unit"] not in UNITS:
        raise ValueError(f"{row['unit']!r} is none of {', '.join(sorted(UNITS))}")
    if row["per_kg"] not in ("yes", "no"):
        raise ValueError("per_kg is neither yes nor no")
    single, daily = _number(row["max_single"]), _number(row["max_daily"])
    if single is None and daily is None:
        raise ValueError("it has no limit")
    return DoseLimit(
        **texts, route=Route(row["route"]), max_single=single, max_daily=daily, per_kg=row["per_kg"] == "yes"
    )


def read_contents(folder: Path) -> dict[str, bytes]:
    """Return the content of each file. FileNotFoundError or another OSError: it cannot be read."""
    return {name: (folder / name).read_bytes() for name in COLUMNS}


def _list(text: str) -> Iterator[str]:
    return (part.strip() for part in text.split(";") if part.strip())


def _name(text: str) -> str:
    if not text or text != normal(text):
        raise ValueError(f"{text!r} is not a name in small letters with single blanks")
    return text


def _filled(row: Row, *names: str) -> dict[str, str]:
    empty = [name for name in names if not row[name].strip()]
    if empty:
        raise ValueError(f"{', '.join(empty)} missing")
    return {name: row[name] for name in names}


def _severity(text: str) -> Severity | None:
    return None if text == NO_FINDING else Severity(text)


def _date(text: str) -> str:
    """Return a date as it stands, or nothing. ValueError: it is not a date."""
    return text and date.fromisoformat(text).isoformat()


def _number(text: str) -> float | None:
    number = float(text) if text else None
    if number is not None and not 0 < number < 10_000_000:  # noqa: PLR2004  no dose has more units than ten million
        raise ValueError(f"{text!r} is not a dose")
    return number
