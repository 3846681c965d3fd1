"""Stock of batches: every change locks the item, checks in the statement that takes, and writes the ledger.

`take` is the interface for dispensing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import case, null, select, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.inventory.views import NO_SUCH_ITEM, NOT_A_MEDICINE, OUT_OF_STOCK, ItemKind, MovementKind
from services.clinical.inventory import alerts, expiry, rules
from services.clinical.inventory.rules import Stock
from services.clinical.models.inventory import BATCH, Batch, Item, StockMovement

OPENING_STOCK = "Opening stock"
"""The reason of movements that enter the first stock."""


class Taken(NamedTuple):
    """The part of a dispensed quantity that came from one batch."""

    batch_id: UUID
    batch: str
    expires_on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the stock of a batch, or of a device without batch. `quantity` is negative for what leaves."""

    kind: MovementKind
    quantity: int
    location: str | None = None
    reason: str | None = None
    dispense_id: UUID | None = None
    patient_id: UUID | None = None


def lock(session: Session, item_ids: Collection[UUID]) -> None:
    """Lock several items in ascending order, so that no two dispenses wait for each other. Call it before `take`."""
    query = select(Item.id).where(Item.id.in_(item_ids)).order_by(Item.id)
    session.execute(query.with_for_update())


def locked(session: Session, item_id: UUID) -> Item:
    """Return the item, behind a lock that every change of its stock holds."""
    item = session.get(Item, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise NO_SUCH_ITEM()
    return item


def take(
    session: Session,
    actor: Actor,
    item_id: UUID,
    quantity: int,
    dispense_id: UUID,
    patient_id: UUID,
    *,
    partial: bool = False,
) -> list[Taken]:
    """Take up to `quantity` of a medicine for a patient: earliest expiry first, nothing from expired batches.

    Refuses with `out_of_stock` if the stock is smaller. With `partial`, takes the rest; refuses only an empty stock.
    ValueError: the quantity is not positive, which the caller's contract must refuse.
    """
    if quantity < 1:
        raise ValueError("a dispensed quantity is positive")
    item = locked(session, item_id)
    if item.kind != ItemKind.MEDICINE:
        raise NOT_A_MEDICINE()
    parts = rules.earliest_first(in_stock(session, item_id), quantity, expiry.today())
    available = sum(part.quantity for part in parts)
    if available == 0 or (available < quantity and not partial):
        raise OUT_OF_STOCK(available=available)
    for part in parts:
        change = Change(MovementKind.DISPENSE, -part.quantity, dispense_id=dispense_id, patient_id=patient_id)
        move(session, actor, item, part.batch_id, change)
    alerts.review(session, item)
    return [Taken(*part) for part in parts]


def in_stock(session: Session, item_id: UUID) -> Sequence[Stock]:
    """Return the batches of an item with stock, earliest expiry first."""
    query = select(BATCH.c.id, BATCH.c.batch, BATCH.c.expires_on, BATCH.c.quantity)
    has_stock = (BATCH.c.item_id == item_id) & (BATCH.c.quantity > 0)
    return [Stock(*row) for row in session.rows(query.where(has_stock).order_by(BATCH.c.expires_on, BATCH.c.batch))]


def move(session: Session, actor: Actor, item: Item, batch_id: UUID, change: Change) -> UUID:
    """Change the stock of a batch of a locked item; return the id of the movement. The caller then reviews alerts."""
    _change(session, batch_id, change.quantity)
    return record(session, actor, item, change, batch_id)


def record(session: Session, actor: Actor, item: Item, change: Change, batch_id: UUID | None = None) -> UUID:
    """Write a movement of a locked item to the ledger; return its id. A device has no batches."""
    item.quantity += change.quantity
    movement = StockMovement(
        id=uuid7(),
        item_id=item.id,
        batch_id=batch_id,
        kind=change.kind,
        quantity=change.quantity,
        location=change.location,
        reason=change.reason,
        dispense_id=change.dispense_id,
        patient_id=change.patient_id,
        author_id=actor.id,
        at=clock.now(),
    )
    session.add(movement)
    return movement.id


def _change(session: Session, batch_id: UUID, quantity: int) -> None:
    """Change the quantity of a batch, never below zero. An empty batch may be announced again when it is refilled."""
    changed = BATCH.c.quantity + quantity
    values = {"quantity": changed, "expiring_since": case((changed == 0, null()), else_=BATCH.c.expiring_since)}
    statement = update(BATCH).where(BATCH.c.id == batch_id, changed >= 0).values(values)
    if session.one(statement.returning(BATCH.c.quantity)) is None:
        found = session.one(select(BATCH.c.quantity).where(BATCH.c.id == batch_id))
        raise OUT_OF_STOCK(available=found.quantity if found is not None else 0)


def open_stock(session: Session, actor: Actor, counted: Sequence[tuple[Item, Sequence[Stock]]]) -> None:
    """Enter the first stock of stored items, expired batches too. All rows together cost a few statements."""
    rows = [
        _batch(item, one.batch, one.expires_on, one.batch_id, one.quantity) for item, found in counted for one in found
    ]
    session.add_all(rows)
    session.flush()
    today = expiry.today()
    for item, found in counted:
        for one in found:
            record(session, actor, item, Change(MovementKind.ADJUST, one.quantity, reason=OPENING_STOCK), one.batch_id)
        usable = sum(one.quantity for one in found if not rules.is_expired(one.expires_on, today))
        item.becomes_low(usable, clock.now())


def _batch(item: Item, batch: str, expires_on: date, batch_id: UUID, quantity: int = 0) -> Batch:
    facts = {"batch": batch, "expires_on": expires_on, "quantity": quantity}
    return Batch(id=batch_id, item_id=item.id, expiring_since=None, **facts)


def add(session: Session, item: Item, batch: str, expires_on: date) -> UUID:
    """Add an empty batch to a locked item; return its id."""
    row = _batch(item, batch, expires_on, uuid7())
    session.add(row)
    session.flush()
    return row.id
