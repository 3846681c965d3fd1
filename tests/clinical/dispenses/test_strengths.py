"""The strength of what is dispensed fits the prescribed dose, or a pharmacist says why not."""

from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from chassis.persistence.database import Session
from contracts.clinical.dispenses import DispenseItemView
from services.clinical.dispenses import strengths
from services.clinical.models.dispenses import DispenseLine
from services.clinical.models.history import HistoryEntry
from services.clinical.models.inventory import Item
from services.clinical.models.prescriptions import PrescriptionItem
from tests.clinical.pharmacy_factories import case, dispense, of_item, stocked

REASON = "The patient halves the tablet, as agreed with the doctor."


def prescribed(**facts: Any) -> PrescriptionItem:
    """Return a medicine of 500 mg, three times a day for a week."""
    dose = {"dose_value": 500.0, "dose_unit": "mg", "frequency": "every 8 hours", "days": 7, "quantity": 21}
    return PrescriptionItem(position=0, **{**dose, **facts})


def item(value: float | None, unit: str | None = "mg") -> Item:
    """Return an item of this strength."""
    return Item(id=uuid7(), strength_value=value, strength_unit=unit if value else None)


@pytest.mark.parametrize(
    ("value", "unit", "dose", "units"),
    [
        (500, "mg", {}, 1),
        (0.5, "g", {}, 1),
        (500_000, "ug", {}, 1),
        (50, "mcg", {"dose_value": 0.05}, 1),
        (250, "mg", {"quantity": 42}, 2),
        (0.1, "g", {"quantity": 105}, 5),
        (5, "mmol", {"dose_value": 5, "dose_unit": "mmol"}, 1),
    ],
)
def test_whole_units_that_were_prescribed_fit(value: float, unit: str, dose: dict[str, Any], units: float) -> None:
    assert strengths.compare(item(value, unit), prescribed(**dose), None) == strengths.Strength(units)


@pytest.mark.parametrize(
    ("value", "unit", "dose"),
    [
        (1000, "mg", {}),
        (1, "g", {}),
        (250, "mg", {}),
        (250, "mg", {"quantity": 41}),
        (250, "mg", {"quantity": 42, "frequency": "as directed"}),
        (300, "mg", {"quantity": 100}),
        (500, "ug", {}),
    ],
)
def test_other_strength_is_refused_without_a_reason(value: float, unit: str, dose: dict[str, Any]) -> None:
    with pytest.raises(Conflict) as error:
        strengths.compare(item(value, unit), prescribed(**dose), None)
    assert (error.value.code, error.value.facts["strength"], error.value.facts["dose"]) == (
        "strength_differs",
        f"{value:g} {unit}",
        "500 mg",
    )


@pytest.mark.parametrize(
    ("value", "unit", "dose"),
    [(None, None, {}), (5, "mL", {}), (500, "mg", {"dose_unit": "tablet"}), (100, "[iU]", {})],
)
def test_incomparable_strength_is_not_compared(value: float | None, unit: str | None, dose: dict[str, Any]) -> None:
    assert strengths.compare(item(value, unit), prescribed(**dose), REASON) == strengths.Strength(None)


def test_refused_strength_takes_no_stock(session: Session) -> None:
    item_id = stocked(session, 100, strength_value=1000, strength_unit="mg")
    with pytest.raises(Conflict) as error:
        dispense(session, case(session).prescription_id, of_item(item_id, 21))
    assert error.value.code == "strength_differs"
    assert session.get_one(Item, item_id, populate_existing=True).quantity == 100


def test_reason_for_another_strength_is_kept_and_shown_to_the_patient(session: Session) -> None:
    item_id = stocked(session, strength_value=1000, strength_unit="mg")
    wanted = DispenseItemView(item_id=item_id, quantity=11, strength_reason=REASON)
    reply = dispense(session, case(session).prescription_id, wanted)
    stored = session.scalars(select(DispenseLine)).one()
    entry = session.scalars(select(HistoryEntry).where(HistoryEntry.kind == "dispense")).one()
    shown = (reply["lines"][0], entry.details["lines"][0])
    assert [(one["units_per_dose"], one["strength_reason"]) for one in shown] == [(0.5, REASON)] * 2
    assert (stored.units_per_dose, stored.strength_reason) == (0.5, REASON)


@pytest.mark.parametrize(("strength", "units"), [({"strength_value": 500, "strength_unit": "mg"}, 1.0), ({}, None)])
def test_reply_says_whether_the_strength_was_compared(
    session: Session, strength: dict[str, Any], units: float | None
) -> None:
    wanted = DispenseItemView(item_id=stocked(session, **strength), quantity=21, strength_reason=REASON)
    (part,) = dispense(session, case(session).prescription_id, wanted)["lines"]
    assert (part["units_per_dose"], part["strength_reason"]) == (units, None)
