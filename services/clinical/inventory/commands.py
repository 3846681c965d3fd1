"""Add and change items of the inventory, and move stock."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from chassis.refusals import WRONG_FIELDS
from contracts.clinical.inventory.commands import (
    ALREADY_EXPIRED,
    FIELDS_OF_EQUIPMENT,
    FIELDS_OF_MEDICINES,
    NOT_OF_KIND,
    ONLY_BY_DISPENSING,
    ONLY_TRANSFERRED,
    OTHER_EXPIRY,
    SERIAL_NUMBER_TAKEN,
    AddItem,
    ChangeItem,
    MoveStock,
)
from contracts.clinical.inventory.views import NO_SUCH_BATCH, DeviceState, ItemKind, MovementKind
from contracts.refusals import REASON_REQUIRED
from services.clinical.inventory import alerts, batches, expiry, queries, rules
from services.clinical.inventory.batches import Change
from services.clinical.models.inventory import BATCH, Item

INCOMING = frozenset({MovementKind.RECEIVE, MovementKind.RETURN, MovementKind.ADJUST})
"""Kinds whose quantity is added to the stock. `adjust` has its own sign."""
JUSTIFIED = frozenset({MovementKind.ADJUST, MovementKind.WASTE})
"""Kinds that need a reason."""
OPENING = frozenset({MovementKind.RECEIVE, MovementKind.ADJUST})
"""Kinds that may bring a new batch."""
Shown = dict[str, Any]
"""A reply."""


def add(session: Session, actor: Actor, command: AddItem) -> Shown:
    """Add an item. A device is in stock from the start."""
    item = new_item(command)
    with refusing(session, {"uq_item_serial_key": SERIAL_NUMBER_TAKEN}):
        session.add(item)
    if command.kind == ItemKind.EQUIPMENT:
        batches.record(session, actor, item, Change(MovementKind.RECEIVE, 1))
    return queries.shown(session, item)


def new_item(command: AddItem) -> Item:
    """Return an item without stock, which the caller adds. A medicine with a reorder level is low, unannounced."""
    item = Item(
        id=uuid7(),
        **command.given(),
        state=DeviceState.IN_SERVICE if command.kind == ItemKind.EQUIPMENT else None,
        quantity=0,
        low_since=None,
        created_at=clock.now(),
        revision=1,
    )
    item.set_keys()
    item.becomes_low(0, clock.now())
    return item


def change(session: Session, actor: Actor, command: ChangeItem) -> Shown:
    """Change the facts of an item. A retired device leaves the stock."""
    item = batches.locked(session, command.item_id)
    session.call.expects(item.revision)
    facts = {name: value for name, value in command.given().items() if name != "item_id"}
    _check_kind(item, facts)
    item.set_facts(facts)
    with refusing(session, {"uq_item_serial_key": SERIAL_NUMBER_TAKEN}):
        if item.state == DeviceState.RETIRED:
            batches.record(session, actor, item, Change(MovementKind.WASTE, -1))
    alerts.review(session, item)
    return queries.shown(session, item)


def _check_kind(item: Item, facts: dict[str, object]) -> None:
    """Refuse fields that the item's kind cannot have."""
    is_medicine = item.kind == ItemKind.MEDICINE
    others = (*FIELDS_OF_EQUIPMENT, "state") if is_medicine else FIELDS_OF_MEDICINES
    errors = {name: [NOT_OF_KIND] for name in others if name in facts}
    if errors:
        raise WRONG_FIELDS(errors=errors)


def move(session: Session, actor: Actor, command: MoveStock) -> Shown:
    """Move stock of a medicine, or transfer a device."""
    if command.kind == MovementKind.DISPENSE:
        raise ONLY_BY_DISPENSING()
    if command.kind in JUSTIFIED and command.reason is None:
        raise REASON_REQUIRED()
    item = batches.locked(session, command.item_id)
    if item.kind == ItemKind.EQUIPMENT:
        movement_id = _transfer_device(session, actor, item, command)
    else:
        movement_id = _move_medicine(session, actor, item, command)
        alerts.review(session, item)
    return queries.stock(session, item, movement_id)


def _transfer_device(session: Session, actor: Actor, item: Item, command: MoveStock) -> UUID:
    """Move a device to another place. Its stock stays 1."""
    if command.kind != MovementKind.TRANSFER:
        raise ONLY_TRANSFERRED()
    errors = {name: [NOT_OF_KIND] for name in ("batch", "expires_on") if getattr(command, name) is not None}
    if command.quantity not in (None, 1):
        errors["quantity"] = ["A device counts as 1."]
    if errors:
        raise WRONG_FIELDS(errors=errors)
    item.set_facts({"location": command.location})
    reason, location = command.reason, command.location
    return batches.record(session, actor, item, Change(MovementKind.TRANSFER, 0, location, reason))


def _move_medicine(session: Session, actor: Actor, item: Item, command: MoveStock) -> UUID:
    if command.batch is None or command.quantity is None:
        missing = [name for name in ("batch", "quantity") if getattr(command, name) is None]
        raise WRONG_FIELDS(errors={name: ["Required for a medicine."] for name in missing})
    batch_id = _batch(session, item, command.batch, command)
    quantity = command.quantity if command.kind in INCOMING else -command.quantity
    wanted = Change(command.kind, quantity, command.location, command.reason)
    return batches.move(session, actor, item, batch_id, wanted)


def _batch(session: Session, item: Item, batch: str, command: MoveStock) -> UUID:
    """Return the id of the batch, which a delivery or a count may bring. Check the expiry date."""
    today, expires_on = expiry.today(), command.expires_on
    query = select(BATCH.c.id, BATCH.c.expires_on).where(BATCH.c.item_id == item.id, BATCH.c.batch == batch)
    known = session.one(query)
    if known is not None and expires_on not in (None, known.expires_on):
        raise OTHER_EXPIRY(expires_on=known.expires_on.isoformat())
    if known is None and command.kind not in OPENING:
        raise NO_SUCH_BATCH()
    expires_on = expires_on if known is None else known.expires_on
    if expires_on is None:
        raise WRONG_FIELDS(errors={"expires_on": ["Required for a new batch."]})
    if not rules.is_credible_expiry(expires_on, today):
        raise WRONG_FIELDS(errors={"expires_on": ["Too far from today."]})
    if command.kind == MovementKind.RECEIVE and rules.is_expired(expires_on, today):
        raise ALREADY_EXPIRED()
    return known.id if known is not None else batches.add(session, item, batch, expires_on)
