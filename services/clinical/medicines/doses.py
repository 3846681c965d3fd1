"""Checks of doses against the limits of the medicine data. Pure: the patient's age and weight are given."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from contracts.clinical.medicines import FindingKind, FindingView, Gap, GapView, Severity
from services.clinical.medicines.rules import Catalogue, DoseLimit, Medicine, cited, finding, normal

ADULT_FROM, ADOLESCENT_FROM = 18, 12
"""Years. FDA labels give doses for adults, often for adolescents from 12 years on, and for children under 12."""
MILLIGRAMS = {"kg": 1_000_000.0, "g": 1000.0, "mg": 1.0, "ug": 0.001, "ng": 0.000_001}
"""Units of mass (UCUM), in mg."""
ALIASES = {"mcg": "ug", "µg": "ug", "μg": "ug", "iu": "[iU]", "unit": "[iU]", "units": "[iU]", "[iu]": "[iU]"}
"""Other spellings of UCUM units. They name the same unit."""
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
FREQUENCIES = {
    "once": 1.0,
    "single dose": 1.0,
    "daily": 1.0,
    "once daily": 1.0,
    "once a day": 1.0,
    "every day": 1.0,
    "every morning": 1.0,
    "in the morning": 1.0,
    "every evening": 1.0,
    "in the evening": 1.0,
    "at night": 1.0,
    "at bedtime": 1.0,
    "every other day": 1.0,
    "weekly": 1.0,
    "once weekly": 1.0,
    "once a week": 1.0,
    "twice daily": 2.0,
    "twice a day": 2.0,
    "bid": 2.0,
    "tid": 3.0,
    "qid": 4.0,
}
"""Doses on a day on which the medicine is taken."""
TIMES = re.compile(r"(?P<count>\d{1,2}|one|two|three|four|five|six) times? (?:daily|a day|per day)")
EVERY = re.compile(r"(?:every |q)(?P<hours>\d{1,2})(?:\s?(?:-|to)\s?\d{1,2})? ?(?:hours|hour|hrs|h)")
AS_NEEDED = re.compile(r"(?:,? (?:as needed|when needed|when required|prn))\Z")


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose as the doctor wrote it."""

    value: float
    unit: str
    frequency: str


@dataclass(frozen=True, slots=True)
class Body:
    """The patient's age in years and weight in kg; None if unknown or, for the weight, older than 30 days."""

    age: int | None
    weight_kg: float | None


def doses_a_day(frequency: str) -> float | None:
    """Return how many doses a day a frequency means at most; None if it is not understood.

    Of a range, such as every 4 to 6 hours, the shorter interval counts.
    """
    text = AS_NEEDED.sub("", normal(frequency))
    if text in FREQUENCIES:
        return FREQUENCIES[text]
    if times := TIMES.fullmatch(text):
        return float(NUMBERS.get(times["count"]) or int(times["count"]))
    every = EVERY.fullmatch(text)
    hours = int(every["hours"]) if every else 0
    return max(1.0, 24 / hours) if hours else None


def group_of(age: int | None) -> str:
    """Return the population of an age in years. An unknown age gets the limits of adults."""
    if age is None or age >= ADULT_FROM:
        return "adult"
    return "adolescent" if age >= ADOLESCENT_FROM else "child"


def unit_of(text: str) -> str:
    """Return the UCUM unit of a text."""
    return ALIASES.get(normal(text), text.strip())


def converted(value: float, unit: str, to: str) -> float | None:
    """Convert a dose; None if the units do not measure the same."""
    if unit == to:
        return value
    if unit in MILLIGRAMS and to in MILLIGRAMS:
        return value * MILLIGRAMS[unit] / MILLIGRAMS[to]
    return None


def check(catalogue: Catalogue, medicine: Medicine, dose: Dose, body: Body) -> Iterator[FindingView | GapView]:
    """Check the dose of a medicine; yield findings, and what cannot be checked."""
    if not medicine.substances:
        return  # It is listed as unmatched.
    names = [substance.name for substance in medicine.substances]
    if len(names) > 1:
        yield _gap(medicine, Gap.COMBINATION, "a combination's dose names no amount of each substance")
        return
    limits = [limit for limit in catalogue.doses if [limit.substance] == names and limit.route == medicine.route]
    if not limits:
        yield _gap(medicine, Gap.NO_LIMIT, "the data has no limit for this medicine and route")
        return
    if body.age is None:
        yield _gap(medicine, Gap.NO_AGE, "the age of the patient is unknown; the limits of adults were used")
    group = group_of(body.age)
    chosen = [limit for limit in limits if limit.population in (group, "any")]
    if not chosen:
        yield _gap(medicine, Gap.NO_LIMIT, f"the data has no limit for this medicine and route at this age ({group})")
    for limit in chosen:
        yield from _against(limit, medicine, dose, body)


def _against(limit: DoseLimit, medicine: Medicine, dose: Dose, body: Body) -> Iterator[FindingView | GapView]:
    value = converted(dose.value, unit_of(dose.unit), limit.unit)
    if value is None:
        yield _gap(medicine, Gap.UNKNOWN_UNIT, f"{dose.unit} cannot be compared with {limit.unit}")
        return
    if limit.per_kg and body.weight_kg is None:
        yield _gap(medicine, Gap.NO_WEIGHT, "not checked: no weight")
        return
    factor = body.weight_kg if limit.per_kg and body.weight_kg is not None else 1.0
    if limit.max_single is not None and value > limit.max_single * factor:
        yield _excess(limit, f"{_number(value)} {limit.unit} of {limit.substance} at once", limit.max_single, factor)
    if limit.max_daily is not None:
        yield from _a_day(limit, medicine, value, dose.frequency, factor)


def _a_day(
    limit: DoseLimit, medicine: Medicine, value: float, frequency: str, factor: float
) -> Iterator[FindingView | GapView]:
    count = doses_a_day(frequency)
    if count is None or limit.max_daily is None:
        yield _gap(medicine, Gap.UNKNOWN_FREQUENCY, f"the daily dose is not checked: {frequency!r} is not understood")
    elif value * count > limit.max_daily * factor:
        text = f"{_number(value * count)} {limit.unit} of {limit.substance} a day"
        yield _excess(limit, text, limit.max_daily, factor)


def _excess(limit: DoseLimit, text: str, most: float, factor: float) -> FindingView:
    per_kg = f" ({_number(most)} {limit.unit}/kg)" if limit.per_kg else ""
    sentence = f"{text} exceeds the limit of {_number(most * factor)} {limit.unit}{per_kg}, {limit.route}."
    return finding(FindingKind.DOSE, Severity.SERIOUS, sentence, cited(limit))


def _gap(medicine: Medicine, reason: Gap, text: str) -> GapView:
    return GapView(check=FindingKind.DOSE, subject=medicine.text, reason=reason, text=f"{medicine.text}: {text}.")


def _number(value: float) -> str:
    return f"{value:.6g}"
