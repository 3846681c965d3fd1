"""The CSV files of the catalogue, checked row by row. A file with one faulty row is not used at all."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import TypeVar

from contracts.clinical.data import DataStatus
from contracts.clinical.patients import Sex
from services.clinical.data.manifest import DataError, Manifest
from services.clinical.lab_catalogue.rules import ANY_SEX, Bound, DeltaRule, LabTest, ReferenceRange

TESTS, RANGES = "lab_tests.csv", "reference_ranges.csv"
TEST_COLUMNS = (
    "code",
    "name",
    "specimen",
    "unit",
    "decimals",
    "delta_percent",
    "delta_absolute",
    "delta_days",
    "delta_source",
)
RANGE_COLUMNS = (
    "test",
    "sex",
    "age_from_days",
    "age_to_days",
    "low",
    "high",
    "critical_low",
    "critical_high",
    "absurd_low",
    "absurd_high",
    "unit",
    "source",
)
SEXES = frozenset({Sex.MALE.value, Sex.FEMALE.value, ANY_SEX})
MOST_DECIMALS = 4
Row = Mapping[str, str]
T = TypeVar("T")


def notice_of(manifest: Manifest) -> str:
    """Return the licence notice of LOINC. DataError without it: the licence demands the notice beside the codes."""
    notice = manifest.facts.get("loinc_notice")
    if not isinstance(notice, str) or not notice.strip():
        raise DataError(DataStatus.UNREADABLE, "manifest.toml needs `loinc_notice`")
    return notice.strip()


def tests_of(manifest: Manifest) -> dict[str, LabTest]:
    """Return the tests by LOINC code, sorted by name. DataError if a row is wrong."""
    rows = manifest.rows(TESTS, TEST_COLUMNS)
    tests = [_checked(TESTS, line, row, _test) for line, row in enumerate(rows, 2)]
    _refuse(TESTS, len({test.code for test in tests}) < len(tests), "a code occurs twice")
    _refuse(TESTS, not tests, "no tests")
    return {test.code: test for test in sorted(tests, key=lambda test: test.name.casefold())}


def ranges_of(manifest: Manifest, tests: Mapping[str, LabTest]) -> dict[str, Sequence[ReferenceRange]]:
    """Return the ranges of each test. DataError if a row is wrong, or two ranges overlap."""
    rows = manifest.rows(RANGES, RANGE_COLUMNS)
    found = dict[str, list[ReferenceRange]]()
    for line, row in enumerate(rows, 2):
        each = _checked(RANGES, line, row, lambda row: _range(row, tests))
        found.setdefault(each.test, []).append(each)
    for code, ranges in found.items():
        overlaps = any(one.overlaps(other) for one, other in combinations(ranges, 2))
        _refuse(RANGES, overlaps, f"two ranges of {code} overlap")
    return {**found}


def is_loinc(code: str) -> bool:
    """Return whether the check digit of a LOINC code is right (mod 10, Regenstrief: LOINC Users' Guide, appendix C)."""
    number, _, check = code.partition("-")
    if not (number.isascii() and number.isdigit() and check.isascii() and check.isdigit()):
        return False
    doubled = "".join(reversed(number))[::2]
    others = "".join(reversed(number))[1::2]
    total = sum(map(int, str(int(doubled) * 2))) + sum(map(int, others))
    return str(-total % 10) == check


def _checked(name: str, line: int, row: Row, read: Callable[[Row], T]) -> T:
    try:
        return read(row)
    except (ValueError, InvalidOperation) as error:
        raise DataError(DataStatus.UNREADABLE, f"{name}, line {line}: {error}") from error


def _refuse(name: str, fault: bool, text: str) -> None:  # noqa: FBT001  the condition itself
    if fault:
        raise DataError(DataStatus.UNREADABLE, f"{name}: {text}")


def _test(row: Row) -> LabTest:
    code, decimals = row["code"], int(row["decimals"])
    _must(is_loinc(code), f"{code} is no LOINC code")
    _must(0 <= decimals <= MOST_DECIMALS, f"decimals go from 0 to {MOST_DECIMALS}")
    texts = {name: _text(row, name) for name in ("name", "specimen", "unit")}
    return LabTest(code=code, decimals=decimals, delta=_delta(row), **texts)


def _delta(row: Row) -> DeltaRule | None:
    percent, absolute = _number(row, "delta_percent"), _number(row, "delta_absolute")
    if not any(row[name] for name in TEST_COLUMNS if name.startswith("delta_")):
        return None
    _must(all(limit is None or limit > 0 for limit in (percent, absolute)), "a delta limit must be above 0")
    _must(percent is not None or absolute is not None, "a delta rule needs a limit")
    days = int(row["delta_days"])
    _must(days > 0, "delta_days must be above 0")
    _text(row, "delta_source")
    return DeltaRule(percent, absolute, days)


def _range(row: Row, tests: Mapping[str, LabTest]) -> ReferenceRange:
    _must(row["test"] in tests, f"{row['test']} is not in {TESTS}")
    _must(row["sex"] in SEXES, f"sex must be one of {', '.join(sorted(SEXES))}")
    test, age_from, age_to = tests[row["test"]], int(row["age_from_days"]), row["age_to_days"]
    _must(row["unit"] == test.unit, f"the unit of {test.code} is {test.unit}")
    found = ReferenceRange(
        test=test.code,
        sex=row["sex"],
        age_from_days=age_from,
        age_to_days=int(age_to) if age_to else None,
        low=_number(row, "low"),
        high=_number(row, "high"),
        critical_low=_bound(row, "critical_low", "<"),
        critical_high=_bound(row, "critical_high", ">"),
        absurd_low=_number(row, "absurd_low"),
        absurd_high=_number(row, "absurd_high"),
        unit=row["unit"],
        source=_text(row, "source"),
    )
    _must_be_orderly(found, test)
    return found


def _must_be_orderly(found: ReferenceRange, test: LabTest) -> None:
    """Refuse ages and limits in the wrong order, and limits with more decimals than a value has."""
    _must(0 <= found.age_from_days < (found.age_to_days or found.age_from_days + 1), "the ages are in the wrong order")
    critical = [bound.value if bound else None for bound in (found.critical_low, found.critical_high)]
    limits = [found.absurd_low, critical[0], found.low, found.high, critical[1], found.absurd_high]
    given = [limit for limit in limits if limit is not None]
    _must(given == sorted(given), "the limits are in the wrong order")
    _must(all(limit == test.rounded(limit) for limit in given), f"{test.code} has {test.decimals} decimals")
    _must(len(given) > 0, "a range needs a limit")


def _bound(row: Row, name: str, sign: str) -> Bound | None:
    """Read a critical limit such as `<3.0` or `>=5.0`, in the words of its source."""
    text = row[name]
    if not text:
        return None
    _must(text.startswith(sign), f"{name} starts with {sign} or {sign}=")
    inclusive = text.startswith(f"{sign}=")
    return Bound(_decimal(name, text.removeprefix(sign).removeprefix("=")), inclusive)


def _number(row: Row, name: str) -> Decimal | None:
    return _decimal(name, row[name]) if row[name] else None


def _decimal(name: str, text: str) -> Decimal:
    value = Decimal(text)
    _must(value.is_finite(), f"{name} must be a number")
    return value


def _text(row: Row, name: str) -> str:
    _must(bool(row[name].strip()), f"{name} is empty")
    return row[name]


def _must(holds: bool, text: str) -> None:  # noqa: FBT001  the condition itself
    if not holds:
        raise ValueError(text)
