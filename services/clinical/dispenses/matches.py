"""Which medicine of a prescription an item of the inventory serves: matched by substances, never guessed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chassis import clock
from contracts.clinical.dispenses import NOT_PRESCRIBED, UNCLEAR_ITEM, DispenseItemView
from contracts.clinical.inventory.views import NOT_A_MEDICINE, ItemKind
from contracts.clinical.prescriptions import Route
from services.clinical.dispenses.strengths import Strength, compare
from services.clinical.medicines import dataset
from services.clinical.medicines.rules import Catalogue, matched, normal
from services.clinical.models.inventory import Item
from services.clinical.models.prescriptions import PrescriptionItem


@dataclass(frozen=True, slots=True)
class Match:
    """A quantity of an item of the inventory for a medicine of a prescription."""

    item: Item
    prescribed: PrescriptionItem
    quantity: int
    strength: Strength


def match(prescribed: Sequence[PrescriptionItem], item: Item, wanted: DispenseItemView) -> Match:
    """Return the medicine that the item serves: the named one, or the only one with the same substances.

    Refuse a strength that differs from its dose, unless the pharmacist gives a reason.
    """
    if item.kind != ItemKind.MEDICINE:
        raise NOT_A_MEDICINE()
    catalogue = dataset.current().catalogue
    verdicts = {one.position: is_same(catalogue, item, one) for one in prescribed}
    position = wanted.prescription_item
    if position is None:
        fitting = [place for place, verdict in verdicts.items() if verdict]
        if len(fitting) > 1:
            raise UNCLEAR_ITEM(item_id=str(item.id), candidates=fitting)
        position = fitting[0] if fitting else None
    if position is None or position not in verdicts or verdicts[position] is False:
        raise NOT_PRESCRIBED(item_id=str(item.id), substances=_substances(catalogue, item))
    chosen = next(one for one in prescribed if one.position == position)
    return Match(item, chosen, wanted.quantity, compare(item, chosen, wanted.strength_reason))


def is_same(catalogue: Catalogue | None, item: Item, prescribed: PrescriptionItem) -> bool | None:
    """Return whether the item has the substances of the prescribed medicine; None if that is not known."""
    text = item.substance or item.name
    if normal(text) == normal(prescribed.medicine):
        return True
    if catalogue is None:
        return None
    route = Route(prescribed.route)
    stocked, wanted = matched(catalogue, text, route), matched(catalogue, prescribed.medicine, route)
    if not (stocked.is_known and wanted.is_known):
        return None
    return {one.name for one in stocked.substances} == {one.name for one in wanted.substances}


def _substances(catalogue: Catalogue | None, item: Item) -> list[str]:
    text = item.substance or item.name
    known = matched(catalogue, text, Route.OTHER).substances if catalogue else ()
    return [one.name for one in known] or [text]


def count(matches: Sequence[Match]) -> None:
    """Count the quantities against the rest of each medicine's fill. Several items may serve one medicine."""
    now, quantities = clock.now(), Counter[int]()
    for one in matches:
        quantities[one.prescribed.position] += one.quantity
    prescribed: dict[int, PrescriptionItem] = {one.prescribed.position: one.prescribed for one in matches}
    for position, quantity in quantities.items():
        prescribed[position].dispense(quantity, now)
