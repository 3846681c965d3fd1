"""Demo data of the pharmacy: 30 medicines in batches, one of them expired and one low."""

import re
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from contracts.clinical.inventory.commands import AddItem
from contracts.clinical.inventory.views import ItemKind
from services.clinical.inventory import batches, commands, expiry
from services.clinical.inventory.rules import Stock
from services.clinical.models.inventory import Item

LEVEL = 100
"""The reorder level of each medicine."""
DELIVERED = 400
"""Units in the first batch of most medicines. The second batch has half."""


class Medicine(NamedTuple):
    """A medicine of the pharmacy."""

    substance: str
    strength: str
    unit: str


MEDICINES = (
    Medicine("amlodipine", "5 mg", "tablet"),
    Medicine("amoxicillin", "500 mg", "capsule"),
    Medicine("aspirin", "100 mg", "tablet"),
    Medicine("atorvastatin", "20 mg", "tablet"),
    Medicine("azithromycin", "500 mg", "tablet"),
    Medicine("bisoprolol", "5 mg", "tablet"),
    Medicine("cefalexin", "500 mg", "capsule"),
    Medicine("ceftriaxone", "1 g", "vial"),
    Medicine("ciprofloxacin", "500 mg", "tablet"),
    Medicine("diazepam", "5 mg", "tablet"),
    Medicine("doxycycline", "100 mg", "capsule"),
    Medicine("enalapril", "10 mg", "tablet"),
    Medicine("enoxaparin", "40 mg/0.4 mL", "syringe"),
    Medicine("furosemide", "40 mg", "tablet"),
    Medicine("hydrochlorothiazide", "25 mg", "tablet"),
    Medicine("ibuprofen", "400 mg", "tablet"),
    Medicine("insulin glargine", "100 U/mL, 3 mL", "pen"),
    Medicine("levothyroxine", "50 ug", "tablet"),
    Medicine("losartan", "50 mg", "tablet"),
    Medicine("metformin", "500 mg", "tablet"),
    Medicine("metoclopramide", "10 mg", "tablet"),
    Medicine("metronidazole", "500 mg", "tablet"),
    Medicine("morphine", "10 mg/mL, 1 mL", "ampoule"),
    Medicine("omeprazole", "20 mg", "capsule"),
    Medicine("ondansetron", "4 mg", "tablet"),
    Medicine("paracetamol", "500 mg", "tablet"),
    Medicine("prednisolone", "5 mg", "tablet"),
    Medicine("salbutamol", "100 ug/dose", "inhaler"),
    Medicine("simvastatin", "20 mg", "tablet"),
    Medicine("warfarin", "5 mg", "tablet"),
)
AMOUNT = re.compile(r"(?P<value>\d+) (?P<unit>\w+)")
"""The strength of a unit that is one dose. Syringes, pens and inhalers have another form."""
EXPIRED, LOW = "metronidazole", "insulin glargine"


def fill(session: Session) -> None:
    """Add the medicines and their batches, unless the inventory has an item."""
    if session.scalar(select(Item.id).limit(1)) is not None:
        return
    items = [commands.new_item(_command(medicine)) for medicine in MEDICINES]
    session.add_all(items)
    session.flush()
    held = [_batches(number, medicine.substance) for number, medicine in enumerate(MEDICINES, 1)]
    batches.open_stock(session, SYSTEM, list(zip(items, held, strict=True)))


def _command(medicine: Medicine) -> AddItem:
    strength = AMOUNT.fullmatch(medicine.strength)
    return AddItem(
        kind=ItemKind.MEDICINE,
        name=f"{medicine.substance.capitalize()} {medicine.strength} {medicine.unit}",
        substance=medicine.substance,
        unit=medicine.unit,
        strength_value=float(strength["value"]) if strength else None,
        strength_unit=strength["unit"] if strength else None,
        reorder_level=LEVEL,
        location="Pharmacy",
    )


def _batches(number: int, substance: str) -> list[Stock]:
    """Return the batches of the medicine with this number: usually two, of which the second expires later."""
    today = expiry.today()
    first, later = (today + timedelta(days=days + 10 * number) for days in (150, 400))
    if substance == LOW:
        return [Stock(uuid7(), f"A{number:03}", first, LEVEL // 2)]
    if substance == EXPIRED:
        later = today - timedelta(days=12)
    return [Stock(uuid7(), f"A{number:03}", first, DELIVERED), Stock(uuid7(), f"B{number:03}", later, DELIVERED // 2)]
