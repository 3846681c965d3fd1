"""Read the inventory: items, stock, ledgers, and the recipients of a batch."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, Table, case, exists, func, select
from sqlalchemy import cast as sql_cast

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.care import AccessBasis, ChartPart
from contracts.clinical.inventory.queries import GetItem, ListItems, ListMovements, ListRecipients
from contracts.clinical.inventory.views import NO_SUCH_BATCH, NO_SUCH_ITEM, DeviceState, ItemRowView
from services.clinical.care.access import record_readings
from services.clinical.directory.people import NAME
from services.clinical.inventory import batches, expiry, rules
from services.clinical.models.directory import PERSON
from services.clinical.models.inventory import BATCH, ITEM, MOVEMENT, Item
from services.clinical.models.patients import Patient

PATIENT = cast("Table", Patient.__table__)
FACTS = [name for name in ItemRowView.declared() if name in ITEM.c]
"""The columns of an item that callers see."""
MOVED = (
    MOVEMENT.c.id,
    MOVEMENT.c.kind,
    MOVEMENT.c.quantity,
    BATCH.c.batch,
    BATCH.c.expires_on,
    MOVEMENT.c.location,
    MOVEMENT.c.reason,
    MOVEMENT.c.dispense_id,
    MOVEMENT.c.author_id,
    NAME.label("author_name"),
    MOVEMENT.c.at,
)
Shown = dict[str, Any]
Statement = Select[*tuple[Any, ...]]


def get(session: Session, _actor: Actor, query: GetItem) -> Shown:
    """Get an item with its batches."""
    item = session.get(Item, query.item_id)
    if item is None:
        raise NO_SUCH_ITEM()
    return shown(session, item)


def shown(session: Session, item: Item) -> Shown:
    """Return an item with its batches, as callers see it."""
    found = stock_of(session, item)
    facts = {name: getattr(item, name) for name in FACTS}
    is_overdue = item.state != DeviceState.RETIRED and rules.is_overdue(item.next_service_on, expiry.today())
    return {
        **facts,
        **found,
        "earliest_expiry": found["batches"][0]["expires_on"] if found["batches"] else None,
        "is_low": rules.is_low(found["usable_quantity"], item.reorder_level),
        "is_service_overdue": is_overdue,
        "created_at": item.created_at,
    }


def stock(session: Session, item: Item, movement_id: UUID) -> Shown:
    """Return the stock of an item after a movement."""
    return {**stock_of(session, item), "movement_id": movement_id}


def stock_of(session: Session, item: Item) -> Shown:
    """Return the stock of an item by batches, earliest expiry first. A device has no batches."""
    today, held = expiry.today(), batches.in_stock(session, item.id)
    usable = [one.quantity for one in held if not rules.is_expired(one.expires_on, today)]
    listed = [
        {
            "batch": one.batch,
            "expires_on": one.expires_on,
            "quantity": one.quantity,
            "is_expired": rules.is_expired(one.expires_on, today),
        }
        for one in held
    ]
    usable_quantity = sum(usable) if item.state is None else item.quantity
    return {"id": item.id, "quantity": item.quantity, "usable_quantity": usable_quantity, "batches": listed}


def listing(session: Session, _actor: Actor, query: ListItems) -> Page:
    """List the items by name."""
    today = expiry.today()
    statement = _items(today).where(*_filters(query, today))
    keys = (ITEM.c.search_key, ITEM.c.id)
    return page(session, statement, keys, limit=query.limit, cursor=query.cursor, newest_first=False)


def _items(today: date) -> Statement:
    """Return the statement of all items, each with its usable stock and its alerts."""
    earliest = select(func.min(BATCH.c.expires_on)).where(BATCH.c.item_id == ITEM.c.id, BATCH.c.quantity > 0)
    return select(
        *(ITEM.c[name] for name in FACTS),
        ITEM.c.search_key,
        case((ITEM.c.state.is_(None), expiry.usable_stock(today)), else_=ITEM.c.quantity).label("usable_quantity"),
        earliest.correlate(ITEM).scalar_subquery().label("earliest_expiry"),
        expiry.is_low(today).label("is_low"),
        expiry.is_overdue(today).label("is_service_overdue"),
    )


def _filters(query: ListItems, today: date) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of the given filters."""
    for name in ("kind", "state"):
        if getattr(query, name) is not None:
            yield ITEM.c[name] == getattr(query, name)
    if query.text is not None:
        yield ITEM.c.search_key.contains(query.text.casefold(), autoescape=True)
    if query.low is not None:
        yield expiry.is_low(today) == query.low
    if query.service_overdue is not None:
        yield expiry.is_overdue(today) == query.service_overdue
    if query.expiring_within is not None:
        is_near = expiry.is_near(today, timedelta(days=query.expiring_within))
        yield exists().where(BATCH.c.item_id == ITEM.c.id, is_near).correlate(ITEM)


def list_movements(session: Session, _actor: Actor, query: ListMovements) -> Page:
    """List the ledger of an item, newest first, with the names of the authors."""
    _must_exist(session, query.item_id)
    joined = MOVEMENT.outerjoin(BATCH, BATCH.c.id == MOVEMENT.c.batch_id)
    joined = joined.outerjoin(PERSON, PERSON.c.id == MOVEMENT.c.author_id)
    statement = select(*MOVED).select_from(joined).where(MOVEMENT.c.item_id == query.item_id)
    if query.batch is not None:
        statement = statement.where(BATCH.c.batch == query.batch)
    return page(session, statement, (MOVEMENT.c.at, MOVEMENT.c.id), limit=query.limit, cursor=query.cursor)


def _must_exist(session: Session, item_id: UUID) -> None:
    if session.one(select(ITEM.c.id).where(ITEM.c.id == item_id)) is None:
        raise NO_SUCH_ITEM()


def list_recipients(session: Session, actor: Actor, query: ListRecipients) -> Page:
    """List the patients who got medicines of a batch, by name, and record the readings for them.

    The audit names the item.
    """
    _must_exist(session, query.item_id)
    batch = session.one(select(BATCH.c.id).where(BATCH.c.item_id == query.item_id, BATCH.c.batch == query.batch))
    if batch is None:
        raise NO_SUCH_BATCH()
    session.note(record_id=query.item_id, details={"batch_id": str(batch.id)})
    keys = (PATIENT.c.name_key, PATIENT.c.id)
    statement = _recipients(batch.id)
    found = page(session, statement, keys, limit=query.limit, cursor=query.cursor, newest_first=False)
    patients = [row.patient_id for row in found.items]
    record_readings(session, actor, patients, ChartPart.PRESCRIPTIONS, AccessBasis.PHARMACY)
    return found


def _recipients(batch_id: UUID) -> Statement:
    got = (
        select(
            MOVEMENT.c.patient_id,
            sql_cast(-func.sum(MOVEMENT.c.quantity), BigInteger).label("quantity"),
            func.max(MOVEMENT.c.at).label("last_dispensed_at"),
        )
        .where(MOVEMENT.c.batch_id == batch_id, MOVEMENT.c.patient_id.is_not(None))
        .group_by(MOVEMENT.c.patient_id)
        .subquery()
    )
    name = func.nullif(PATIENT.c.name, "").label("name")
    shown = (got.c.patient_id, PATIENT.c.mrn, name, got.c.quantity, got.c.last_dispensed_at)
    return select(*shown, PATIENT.c.name_key, PATIENT.c.id).join_from(got, PATIENT, PATIENT.c.id == got.c.patient_id)
