"""Builders for the tests of the inventory."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.inventory.commands import AddItem, MoveStock
from contracts.clinical.inventory.views import ItemKind, MovementKind
from services.clinical.inventory import commands, expiry
from services.clinical.models.inventory import BATCH, MOVEMENT, Item

ADULT = "Amoxicillin 500 mg capsule"


def pharmacist() -> Actor:
    return Actor(id=uuid7(), roles=frozenset({"pharmacist"}), verified=True)


def in_days(days: int) -> date:
    """Return the date in the hospital this many days from today."""
    return expiry.today() + timedelta(days=days)


def medicine(session: Session, **facts: Any) -> UUID:
    """Add a medicine without stock; return its id."""
    given = {"kind": ItemKind.MEDICINE, "name": ADULT, "substance": "amoxicillin", "unit": "capsule", **facts}
    item_id: UUID = commands.add(session, pharmacist(), AddItem(**given))["id"]
    return item_id


def device(session: Session, **facts: Any) -> UUID:
    """Add a device; return its id."""
    given = {"kind": ItemKind.EQUIPMENT, "name": "Infusion pump", "serial_number": "SN-1", **facts}
    item_id: UUID = commands.add(session, pharmacist(), AddItem(**given))["id"]
    return item_id


def moved(session: Session, item_id: UUID, kind: str, quantity: int | None = None, **facts: Any) -> dict[str, Any]:
    """Move stock of an item; return the reply. A delivery has the batch `A`, which expires in a year."""
    given: dict[str, Any] = {"reason": "counted"} if kind in ("adjust", "waste") else {}
    if kind == MovementKind.RECEIVE:
        given = {"batch": "A", "expires_on": in_days(365)}
    command = MoveStock(item_id=item_id, kind=MovementKind(kind), quantity=quantity, **{**given, **facts})
    return commands.move(session, pharmacist(), command)


def expired(session: Session, item_id: UUID, batch: str, quantity: int) -> None:
    """Put an expired batch into the stock, as found at counting."""
    moved(session, item_id, "adjust", quantity, batch=batch, expires_on=in_days(-1))


def totals(session: Session, item_id: UUID) -> tuple[int, int, int]:
    """Return the stock of an item by its row, by its batches and by its ledger."""
    session.flush()
    by_batches = select(func.coalesce(func.sum(BATCH.c.quantity), 0)).where(BATCH.c.item_id == item_id)
    by_ledger = select(func.coalesce(func.sum(MOVEMENT.c.quantity), 0)).where(MOVEMENT.c.item_id == item_id)
    quantity = session.get_one(Item, item_id, populate_existing=True).quantity
    return quantity, int(session.scalar(by_batches) or 0), int(session.scalar(by_ledger) or 0)
