"""The interpretation of measured values: the range of this patient, the flag, and the change since the last result."""

from dataclasses import dataclass
from decimal import Decimal

from chassis import config
from services.clinical.lab_catalogue import catalogue
from services.clinical.lab_catalogue import rules as catalogue_rules
from services.clinical.lab_catalogue.rules import Catalogue
from services.clinical.labs import rules
from services.clinical.labs.backgrounds import Background


@dataclass(frozen=True, slots=True)
class Measured:
    """A value of one test, and what its interpretation needs."""

    value: Decimal
    unit: str
    background: Background


def interpret(measured: Measured) -> dict[str, object]:
    """Return the columns of a value's result."""
    known, zone = catalogue.current(), config.current().hospital_timezone
    of, at = measured.background, measured.background.observed_at
    age = rules.age_in_days(of.birth_date, at, zone)
    found = catalogue_rules.interpret(known, of.test.code, measured.value, measured.unit, of.sex, age, of.limits)
    limits = {name: getattr(found, name) for name in ("value", "low", "high", "critical_low", "critical_high", "flag")}
    return {**limits, "unit": measured.unit, "observed_at": at, **_delta(known, of, found.value)}


def _delta(known: Catalogue, of: Background, value: Decimal) -> dict[str, object]:
    test, former = known.test(of.test.code), of.previous
    hit = former and catalogue_rules.delta(test, former.value, former.at, value, of.observed_at)
    return {
        "previous_value": hit.previous_value if hit else None,
        "previous_at": hit.previous_at if hit else None,
    }
