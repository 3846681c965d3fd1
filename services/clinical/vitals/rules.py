"""The National Early Warning Score 2 (NEWS2), as pure rules.

Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017, charts 1 to 4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from contracts.clinical.oxygen_targets import SCALE_2
from contracts.clinical.vitals import Consciousness, News2Level, News2Status, VitalSign, VitalSigns

Bands = Sequence[tuple[str, int]]
"""Upper ends of the bands, which belong to them, with their points."""
RESPIRATION: Bands = (("8", 3), ("11", 1), ("20", 0), ("24", 2), ("Infinity", 3))
SPO2_SCALE_1: Bands = (("91", 3), ("93", 2), ("95", 1), ("Infinity", 0))
SPO2_SCALE_2_ON_AIR: Bands = (("83", 3), ("85", 2), ("87", 1), ("Infinity", 0))
SPO2_SCALE_2_ON_OXYGEN: Bands = (("83", 3), ("85", 2), ("87", 1), ("92", 0), ("94", 1), ("96", 2), ("Infinity", 3))
SYSTOLIC: Bands = (("90", 3), ("100", 2), ("110", 1), ("219", 0), ("Infinity", 3))
PULSE: Bands = (("40", 3), ("50", 1), ("90", 0), ("110", 1), ("130", 2), ("Infinity", 3))
TEMPERATURE: Bands = (("35.0", 3), ("36.0", 1), ("38.0", 0), ("39.0", 1), ("Infinity", 2))
ON_OXYGEN, NOT_ALERT = 2, 3
"""Points for supplemental oxygen, and for any consciousness but alert."""
CHART: Mapping[VitalSign, Bands] = {
    VitalSign.RESPIRATION: RESPIRATION,
    VitalSign.SYSTOLIC: SYSTOLIC,
    VitalSign.PULSE: PULSE,
    VitalSign.TEMPERATURE: TEMPERATURE,
}
"""The bands of the values that are scored alone."""
SCORED = (
    VitalSign.RESPIRATION,
    VitalSign.SPO2,
    VitalSign.ON_OXYGEN,
    VitalSign.SYSTOLIC,
    VitalSign.PULSE,
    VitalSign.CONSCIOUSNESS,
    VitalSign.TEMPERATURE,
)
"""The seven values of the score, in the order of chart 1."""
ADULT_MONTHS = 16 * 12
"""The score is not for younger patients."""
RED, URGENT, EMERGENCY = 3, 5, 7
"""Points of a single value, and totals, that call for a clinical response (chart 2)."""
TO_THE_TENTH = Decimal("0.1")
WHOLE = Decimal(1)
TELLS_OF_NOW = timedelta(hours=12)
"""How long a reading describes the patient: the longest interval between two readings (chart 4)."""


@dataclass(frozen=True, slots=True)
class News2:
    """The score of a reading. The fields are those of `News2View`."""

    status: News2Status
    score: int | None = None
    level: News2Level | None = None
    missing: tuple[VitalSign, ...] = ()
    scale: int | None = None
    next_due_at: datetime | None = None


def rounded(value: float, step: Decimal = WHOLE) -> Decimal:
    """Round to the step of the chart, half up, as people do on paper. `str` keeps the decimal that was entered."""
    return Decimal(str(value)).quantize(step, ROUND_HALF_UP)


def points_in(bands: Bands, value: Decimal) -> int:
    """Return the points of a rounded value."""
    return next(points for upper, points in bands if value <= Decimal(upper))


def points(signs: VitalSigns, scale: int) -> dict[VitalSign, int]:
    """Return the points of the measured values."""
    found = {
        sign: points_in(bands, rounded(value, TO_THE_TENTH if sign == VitalSign.TEMPERATURE else WHOLE))
        for sign, bands in CHART.items()
        if (value := getattr(signs, sign)) is not None
    }
    if signs.spo2 is not None:
        found[VitalSign.SPO2] = points_of_saturation(signs.spo2, scale, on_oxygen=bool(signs.on_oxygen))
    if signs.on_oxygen is not None:
        found[VitalSign.ON_OXYGEN] = ON_OXYGEN if signs.on_oxygen else 0
    if signs.consciousness is not None:
        found[VitalSign.CONSCIOUSNESS] = 0 if signs.consciousness == Consciousness.ALERT else NOT_ALERT
    return found


def points_of_saturation(spo2: float, scale: int, *, on_oxygen: bool) -> int:
    """Return the points of the oxygen saturation. Scale 2 also scores too high a saturation under oxygen."""
    if scale != SCALE_2:
        return points_in(SPO2_SCALE_1, rounded(spo2))
    return points_in(SPO2_SCALE_2_ON_OXYGEN if on_oxygen else SPO2_SCALE_2_ON_AIR, rounded(spo2))


def level_of(total: int, highest: int) -> News2Level:
    """Return the clinical risk of a total, with the highest points of a single value (chart 2)."""
    if total >= EMERGENCY:
        return News2Level.EMERGENCY
    if total >= URGENT:
        return News2Level.URGENT
    return News2Level.RED_PARAMETER if highest >= RED else News2Level.LOW


def interval_of(total: int, level: News2Level) -> timedelta:
    """Return the longest time until the next reading (chart 4). An emergency is monitored continuously."""
    if level == News2Level.EMERGENCY:
        return timedelta(0)
    if level != News2Level.LOW:
        return timedelta(hours=1)
    return timedelta(hours=6) if total > 0 else timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Subject:
    """The facts about a patient on which the score depends. `months` of life are None for an unknown birth date."""

    months: int | None
    is_pregnant: bool
    scale: int

    @property
    def is_scored(self) -> bool:
        """Return whether the score is made for this patient."""
        return not self.is_pregnant and not is_child(self.months)


def news2(signs: VitalSigns, subject: Subject, measured_at: datetime) -> News2:
    """Return the score of a reading. An incomplete reading has no number.

    Missing values can only add points. So the level of an incomplete reading is at least that of its known values,
    and is given if it calls for a response. This is a rule of Matron: a saturation of 80 % must not wait for a pulse.
    """
    if not subject.is_scored:
        return News2(News2Status.NOT_APPLICABLE)
    known = points(signs, subject.scale)
    missing = tuple(sign for sign in SCORED if sign not in known)
    total = sum(known.values())
    level = level_of(total, max(known.values(), default=0))
    if missing and level == News2Level.LOW:
        return News2(News2Status.INCOMPLETE, missing=missing, scale=subject.scale)
    due_at = measured_at + interval_of(total, level)
    if missing:
        return News2(News2Status.INCOMPLETE, None, level, missing, subject.scale, due_at)
    status = News2Status.AGE_UNKNOWN if subject.months is None else News2Status.COMPLETE
    return News2(status, total, level, (), subject.scale, due_at)


def is_child(months: int | None) -> bool:
    """Return whether a patient is under 16 years old. An unknown age counts as that of an adult."""
    return months is not None and months < ADULT_MONTHS


def months_between(birth_date: date, day: date) -> int:
    """Return the completed months of life on a day."""
    months = (day.year - birth_date.year) * 12 + day.month - birth_date.month
    return months - (day.day < birth_date.day)


def calls_for_response(level: str | None) -> bool:
    """Return whether doctors and nurses must be notified."""
    return level not in (None, News2Level.LOW)


def is_outdated(measured_at: datetime, now: datetime) -> bool:
    """Return whether a reading is too old to describe the patient as of now."""
    return now - measured_at > TELLS_OF_NOW
