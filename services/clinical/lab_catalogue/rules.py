"""Pure rules of the catalogue: which range applies to a patient, the flag of a value, and the delta check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from contracts.clinical.data import DataStatus
from contracts.clinical.lab_catalogue import ABSURD_VALUE, CATALOGUE_UNAVAILABLE, UNKNOWN_TEST, WRONG_UNIT, LabFlag
from contracts.clinical.patients import Sex

ANY_SEX = "any"
"""The sex of a range that applies to all patients."""
SEXES_WITH_RANGES = frozenset({Sex.MALE, Sex.FEMALE})
"""A patient of another or unknown sex has no range of one sex alone."""
PERCENT = 100


@dataclass(frozen=True, slots=True)
class Bound:
    """A critical limit. If it is `inclusive`, the limit itself is critical."""

    value: Decimal
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class DeltaRule:
    """The largest plausible change of a value within `days`. With both limits, a hit exceeds both."""

    percent: Decimal | None
    absolute: Decimal | None
    days: int


@dataclass(frozen=True, slots=True)
class LabTest:
    """A test of the catalogue. `code` is its LOINC code, `unit` its UCUM unit."""

    code: str
    name: str
    specimen: str
    unit: str
    decimals: int
    delta: DeltaRule | None

    def rounded(self, value: Decimal) -> Decimal:
        """Return the value as the laboratory reports it. Ties are rounded away from zero."""
        return value.quantize(Decimal(1).scaleb(-self.decimals), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """The limits of one test for patients of a sex and age. Ages are in days; `age_to_days` does not belong to them.

    `low` and `high` are normal themselves. A range without both only has critical limits.
    """

    test: str
    sex: str
    age_from_days: int
    age_to_days: int | None
    low: Decimal | None
    high: Decimal | None
    critical_low: Bound | None
    critical_high: Bound | None
    absurd_low: Decimal | None
    absurd_high: Decimal | None
    unit: str
    source: str

    def fits(self, sex: str | None, age_days: int | None) -> bool:
        """Return whether the range may apply to a patient. An unknown sex or age may be any."""
        fits_sex = self.sex == ANY_SEX or sex not in SEXES_WITH_RANGES or self.sex == sex
        before_end = self.age_to_days is None or age_days is None or age_days < self.age_to_days
        return fits_sex and before_end and (age_days is None or age_days >= self.age_from_days)

    def overlaps(self, other: "ReferenceRange") -> bool:
        """Return whether a patient may fit both ranges."""
        same_sex = ANY_SEX in (self.sex, other.sex) or self.sex == other.sex
        starts_in_time = other.age_to_days is None or self.age_from_days < other.age_to_days
        ends_in_time = self.age_to_days is None or other.age_from_days < self.age_to_days
        return self.test == other.test and same_sex and starts_in_time and ends_in_time


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tests and ranges that may be used now. Both are empty if their data may not be used."""

    version: str | None
    status: DataStatus
    """The worst condition of the files."""
    notice: str
    tests: Mapping[str, LabTest]
    ranges: Mapping[str, Sequence[ReferenceRange]]
    """The ranges of each test, by code."""

    def test(self, code: str) -> LabTest:
        """Return the test with this LOINC code. Refuses an unknown code, and any code without a list of tests."""
        if not self.tests:
            raise CATALOGUE_UNAVAILABLE(status=self.status.value, retry_after=60)
        if code not in self.tests:
            raise UNKNOWN_TEST(test=code)
        return self.tests[code]


@dataclass(frozen=True, slots=True)
class Limits:
    """A doctor's critical limits for one patient and test. A side without a limit keeps that of the range."""

    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The reported value, its flag, and the limits that the flag comes from."""

    value: Decimal
    """The value with the decimals of its test. The flag is that of this value."""
    low: Decimal | None
    high: Decimal | None
    flag: LabFlag
    critical_low: Decimal | None
    critical_high: Decimal | None


@dataclass(frozen=True, slots=True)
class Delta:
    """A change that is too large to be plausible without a look at the specimen. `percent` is of the former value."""

    previous_value: Decimal
    previous_at: datetime
    change: Decimal
    percent: Decimal | None


def interpret(
    catalogue: Catalogue,
    code: str,
    value: Decimal,
    unit: str,
    sex: str | None,
    age_days: int | None,
    limit: Limits | None = None,
) -> Interpretation:
    """Interpret a value of a test for a patient. `age_days` is None without a birth date.

    Refuses unknown tests, other units than that of the test, and impossible values.
    """
    test = catalogue.test(code)
    if unit != test.unit:
        raise WRONG_UNIT(test=code, unit=test.unit)
    reported, known = test.rounded(value), catalogue.ranges.get(code, ())
    fitting = [each for each in known if each.fits(sex, age_days)]
    must_be_possible(test, reported, fitting or known)
    only = fitting[0] if len(fitting) == 1 else None
    bounds = [_critical_of(each, limit) for each in fitting] or [_critical_of(None, limit)]
    low, high = (only.low, only.high) if only else (None, None)
    flag = _critical_flag(reported, bounds) or _flag(reported, low, high)
    return Interpretation(reported, low, high, flag, *(_common(side) for side in zip(*bounds, strict=True)))


def _common(bounds: Sequence[Bound | None]) -> Decimal | None:
    """Return the critical limit of all ranges that the patient may have, or None if they differ."""
    first = bounds[0]
    return first.value if first is not None and all(bound == first for bound in bounds) else None


def must_be_possible(test: LabTest, value: Decimal, ranges: Sequence[ReferenceRange]) -> None:
    """Refuse a value outside the widest absurd limits of the ranges."""
    lows, highs = [each.absurd_low for each in ranges], [each.absurd_high for each in ranges]
    lowest = None if None in lows else min((low for low in lows if low is not None), default=None)
    highest = None if None in highs else max((high for high in highs if high is not None), default=None)
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        limits = {"lowest": lowest, "highest": highest}
        facts = {name: None if limit is None else float(limit) for name, limit in limits.items()}
        raise ABSURD_VALUE(test=test.code, value=float(value), unit=test.unit, **facts)


def _critical_of(found: ReferenceRange | None, limit: Limits | None) -> tuple[Bound | None, Bound | None]:
    """Return the critical bounds of a range, after the doctor's limits for this patient."""
    low, high = (found.critical_low, found.critical_high) if found else (None, None)
    own_low, own_high = (limit.low, limit.high) if limit else (None, None)
    return (low if own_low is None else Bound(own_low)), (high if own_high is None else Bound(own_high))


def _critical_flag(value: Decimal, bounds: Sequence[tuple[Bound | None, Bound | None]]) -> LabFlag | None:
    """Return the critical flag if the value is critical by all ranges that the patient may have."""
    if all(_is_below(value, low) for low, _ in bounds):
        return LabFlag.CRITICAL_LOW
    return LabFlag.CRITICAL_HIGH if all(_is_above(value, high) for _, high in bounds) else None


def _is_below(value: Decimal, bound: Bound | None) -> bool:
    return bound is not None and (value < bound.value or (bound.inclusive and value == bound.value))


def _is_above(value: Decimal, bound: Bound | None) -> bool:
    return bound is not None and (value > bound.value or (bound.inclusive and value == bound.value))


def _flag(value: Decimal, low: Decimal | None, high: Decimal | None) -> LabFlag:
    if low is not None and value < low:
        return LabFlag.LOW
    if high is not None and value > high:
        return LabFlag.HIGH
    return LabFlag.NO_RANGE if low is None and high is None else LabFlag.NORMAL


def delta(test: LabTest, previous_value: Decimal, previous_at: datetime, value: Decimal, at: datetime) -> Delta | None:
    """Return the change since the former value if the rule of the test calls it implausible; else None.

    The rule ignores former values that are older than its days, and tests without a rule have none.
    """
    rule, change = test.delta, value - previous_value
    if rule is None or not timedelta(0) <= at - previous_at <= timedelta(days=rule.days):
        return None
    percent = None if previous_value == 0 else change / abs(previous_value) * PERCENT
    exceeds = [rule.absolute is None or abs(change) > rule.absolute, _exceeds(percent, change, rule.percent)]
    return Delta(previous_value, previous_at, change, percent) if all(exceeds) else None


def _exceeds(percent: Decimal | None, change: Decimal, allowed: Decimal | None) -> bool:
    """Return whether a change exceeds the allowed percentage. Each change from zero does."""
    if allowed is None:
        return True
    return change != 0 if percent is None else abs(percent) > allowed
