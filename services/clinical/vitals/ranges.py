"""Usual ranges of vital signs by age. A value outside of them is flagged as abnormal.

From 16 years: the bands without points of NEWS2 (chart 1); hypertension from 140/90 mmHg (ESC/ESH 2018); a diastolic
pressure below 60 mmHg as low; pain from 4 as moderate.
Under 16 years: the categories without points of the Bedside Paediatric Early Warning System (Parshuram, Hutchison and
Middaugh, Critical Care 2009, 13:R135, table 1), in which no diastolic pressure is given.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from contracts.clinical.vitals import Consciousness, VitalSign, VitalSigns
from services.clinical.vitals import rules


class Range(NamedTuple):
    """The lowest and the highest usual value."""

    low: str
    high: str

    def has(self, value: Decimal) -> bool:
        """Return whether a rounded value is usual."""
        return Decimal(self.low) <= value <= Decimal(self.high)


Ranges = Mapping[VitalSign, Range]
CHILD_TEMPERATURE, CHILD_SPO2 = Range("36.0", "38.5"), Range("95", "100")


def _of_child(pulse: Range, systolic: Range, respiration: Range) -> Ranges:
    return {
        VitalSign.PULSE: pulse,
        VitalSign.SYSTOLIC: systolic,
        VitalSign.RESPIRATION: respiration,
        VitalSign.TEMPERATURE: CHILD_TEMPERATURE,
        VitalSign.SPO2: CHILD_SPO2,
    }


ADULT: Ranges = {
    VitalSign.RESPIRATION: Range("12", "20"),
    VitalSign.SYSTOLIC: Range("111", "139"),
    VitalSign.DIASTOLIC: Range("60", "89"),
    VitalSign.PULSE: Range("51", "90"),
    VitalSign.TEMPERATURE: Range("36.1", "38.0"),
}
CHILDREN: tuple[tuple[int, Ranges], ...] = (
    (3, _of_child(Range("111", "149"), Range("61", "79"), Range("30", "60"))),
    (12, _of_child(Range("101", "149"), Range("81", "99"), Range("25", "50"))),
    (4 * 12, _of_child(Range("91", "119"), Range("91", "109"), Range("20", "40"))),
    (12 * 12, _of_child(Range("71", "109"), Range("91", "119"), Range("20", "30"))),
    (rules.ADULT_MONTHS, _of_child(Range("61", "99"), Range("101", "129"), Range("12", "16"))),
)
"""The ranges of children by the months of life that they have not reached."""
WORST_USUAL_PAIN = 3


def abnormal(signs: VitalSigns, months: int | None, scale: int) -> list[VitalSign]:
    """Return the abnormal values, in the order of the fields. `months` of life are None for an unknown birth date."""
    found = set(_outside(signs, ranges_of(months)))
    if signs.spo2 is not None and not rules.is_child(months):
        on_oxygen = bool(signs.on_oxygen)
        found |= {VitalSign.SPO2} if rules.points_of_saturation(signs.spo2, scale, on_oxygen=on_oxygen) else set()
    if signs.consciousness not in (None, Consciousness.ALERT):
        found.add(VitalSign.CONSCIOUSNESS)
    if signs.pain is not None and signs.pain > WORST_USUAL_PAIN:
        found.add(VitalSign.PAIN)
    return [sign for sign in VitalSign if sign in found]


def ranges_of(months: int | None) -> Ranges:
    """Return the usual ranges for an age; those of adults for an unknown age."""
    if months is None:
        return ADULT
    return next((ranges for until, ranges in CHILDREN if months < until), ADULT)


def _outside(signs: VitalSigns, ranges: Ranges) -> Iterator[VitalSign]:
    for sign, usual in ranges.items():
        value: float | None = getattr(signs, sign)
        step = rules.TO_THE_TENTH if sign == VitalSign.TEMPERATURE else rules.WHOLE
        if value is not None and not usual.has(rules.rounded(value, step)):
            yield sign
