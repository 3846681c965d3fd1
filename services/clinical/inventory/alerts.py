"""Alerts about stock. Low and expiring stock is published once, until it recovers."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, literal, null, select, union_all, update
from sqlalchemy import Date as SqlDate

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.inventory.events import StockExpiring, StockLow
from contracts.clinical.inventory.queries import ListStockAlerts
from contracts.clinical.inventory.views import StockAlertKind
from contracts.roles import Role
from services.clinical.directory import staff
from services.clinical.inventory import expiry, rules
from services.clinical.models.inventory import BATCH, ITEM, Item

Statement = Select[*tuple[Any, ...]]


def review(session: Session, item: Item) -> None:
    """Publish `stock_low` if the usable stock of a locked item fell below its reorder level."""
    usable = expiry.usable_quantity(session, item.id)
    if item.becomes_low(usable, clock.now()) and item.reorder_level is not None:
        event = StockLow(
            item_id=item.id,
            quantity=usable,
            reorder_level=item.reorder_level,
            recipient_ids=list(staff.with_role(session, Role.PHARMACIST)),
        )
        session.publish(event)


def announce_expiring(session: Session, item: Item) -> None:
    """Publish `stock_expiring` for each batch of a locked item that expires soon and was not announced."""
    is_due = expiry.is_due(expiry.today() + rules.EXPIRING_WITHIN)
    mark = update(BATCH).where(BATCH.c.item_id == item.id, is_due).values(expiring_since=clock.now())
    for batch in session.rows(mark.returning(BATCH.c.id, BATCH.c.expires_on, BATCH.c.quantity)):
        event = StockExpiring(
            item_id=item.id,
            batch_id=batch.id,
            expires_on=batch.expires_on,
            quantity=batch.quantity,
            recipient_ids=list(staff.with_role(session, Role.PHARMACIST)),
        )
        session.publish(event)


def listing(session: Session, _actor: Actor, query: ListStockAlerts) -> Page:
    """List the alerts, most urgent first."""
    today = expiry.today()
    found = {
        StockAlertKind.LOW: _low(today),
        StockAlertKind.EXPIRING: _batches(StockAlertKind.EXPIRING, expiry.is_near(today, rules.EXPIRING_WITHIN)),
        StockAlertKind.EXPIRED: _batches(StockAlertKind.EXPIRED, expiry.is_expired(today)),
        StockAlertKind.SERVICE_OVERDUE: _overdue(today),
    }
    chosen = found.values() if query.kind is None else [found[query.kind]]
    alerts = union_all(*chosen).subquery()
    keys = (alerts.c.due_on, alerts.c.id)
    return page(session, select(alerts), keys, limit=query.limit, cursor=query.cursor, newest_first=False)


def _low(today: date) -> Statement:
    usable = expiry.usable_stock(today)
    return _of_items(StockAlertKind.LOW, literal(today, SqlDate), usable).where(expiry.is_low(today))


def _overdue(today: date) -> Statement:
    shown = _of_items(StockAlertKind.SERVICE_OVERDUE, ITEM.c.next_service_on, ITEM.c.quantity)
    return shown.where(expiry.is_overdue(today))


def _of_items(kind: StockAlertKind, due_on: ColumnElement[date], quantity: ColumnElement[int]) -> Statement:
    """Return the alerts about items as wholes; the caller adds the condition."""
    return select(
        literal(kind.value, String).label("kind"),
        due_on.label("due_on"),
        ITEM.c.id.label("item_id"),
        ITEM.c.name,
        ITEM.c.location,
        quantity.label("quantity"),
        cast(null(), String).label("batch"),
        ITEM.c.reorder_level,
        ITEM.c.serial_number,
        ITEM.c.id.label("id"),
    )


def _batches(kind: StockAlertKind, condition: ColumnElement[bool]) -> Statement:
    """Return the alerts about batches with this condition."""
    shown = select(
        literal(kind.value, String).label("kind"),
        BATCH.c.expires_on.label("due_on"),
        ITEM.c.id.label("item_id"),
        ITEM.c.name,
        ITEM.c.location,
        BATCH.c.quantity,
        BATCH.c.batch,
        ITEM.c.reorder_level,
        ITEM.c.serial_number,
        BATCH.c.id,
    )
    return shown.join_from(BATCH, ITEM, ITEM.c.id == BATCH.c.item_id).where(condition)
