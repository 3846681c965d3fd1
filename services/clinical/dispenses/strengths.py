"""How the strength of an item of the inventory fits the dose of a prescribed medicine."""

from dataclasses import dataclass

from contracts.clinical.dispenses import STRENGTH_DIFFERS
from services.clinical.medicines import doses
from services.clinical.models.inventory import Item
from services.clinical.models.prescriptions import PrescriptionItem

DIGITS = 6
"""Decimals of units per dose. More are errors of floats."""


@dataclass(frozen=True, slots=True)
class Strength:
    """The units of an item for a dose; None if not comparable. `reason` is that of a pharmacist for other units."""

    units_per_dose: float | None = None
    reason: str | None = None


def compare(item: Item, prescribed: PrescriptionItem, reason: str | None) -> Strength:
    """Compare strength and dose. A difference needs a reason; it is not kept without one."""
    units = units_per_dose(item, prescribed)
    if units is None or is_fitting(units, prescribed):
        return Strength(units)
    if reason is None:
        facts = {"item_id": str(item.id), "prescription_item": prescribed.position}
        strength = f"{item.strength_value:g} {item.strength_unit}"
        raise STRENGTH_DIFFERS(strength=strength, dose=f"{prescribed.dose_value:g} {prescribed.dose_unit}", **facts)
    return Strength(units, reason)


def units_per_dose(item: Item, prescribed: PrescriptionItem) -> float | None:
    """Return how many units of the item make the prescribed dose; None if that is not known."""
    if item.strength_value is None or item.strength_unit is None:
        return None
    to = doses.unit_of(prescribed.dose_unit)
    amount = doses.converted(item.strength_value, doses.unit_of(item.strength_unit), to)
    return None if amount is None else round(prescribed.dose_value / amount, DIGITS)


def is_fitting(units: float, prescribed: PrescriptionItem) -> bool:
    """Return whether one unit is a dose, or several whole ones are and the doctor prescribed as many for all doses."""
    if units == 1:
        return True
    a_day = doses.doses_a_day(prescribed.frequency)
    if units < 1 or not units.is_integer() or a_day is None:
        return False
    return prescribed.quantity >= units * a_day * prescribed.days
