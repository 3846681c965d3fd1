"""Dates of the stock on the hospital's calendar: usable batches, low stock, and overdue services."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, cast, func, select

from chassis import clock, config
from chassis.persistence.database import Session
from contracts.clinical.inventory.views import DeviceState
from services.clinical.models.inventory import BATCH, ITEM

TOTAL = cast(func.coalesce(func.sum(BATCH.c.quantity), 0), BigInteger)
"""The sum of batches. PostgreSQL adds big integers up to a decimal."""


def today() -> date:
    """Return the date in the hospital."""
    return clock.now().astimezone(config.current().hospital_timezone).date()


def is_expired(day: date) -> ColumnElement[bool]:
    """Return the condition that a batch has stock and has expired before this day."""
    return (BATCH.c.quantity > 0) & (BATCH.c.expires_on < day)


def is_near(day: date, period: timedelta) -> ColumnElement[bool]:
    """Return the condition that a batch has usable stock, and expires within the period."""
    return is_usable(day) & (BATCH.c.expires_on <= day + period)


def is_due(last: date) -> ColumnElement[bool]:
    """Return the condition that a batch has stock, expires on this day or before, and was not announced."""
    return (BATCH.c.quantity > 0) & (BATCH.c.expires_on <= last) & BATCH.c.expiring_since.is_(None)


def is_usable(day: date) -> ColumnElement[bool]:
    """Return the condition that a batch has stock and has not expired on this day."""
    return (BATCH.c.quantity > 0) & (BATCH.c.expires_on >= day)


def usable_stock(day: date) -> ScalarSelect[int]:
    """Return the subquery of an item's usable stock."""
    return select(TOTAL).where(BATCH.c.item_id == ITEM.c.id, is_usable(day)).correlate(ITEM).scalar_subquery()


def usable_quantity(session: Session, item_id: UUID) -> int:
    """Return the stock of an item in batches that have not expired."""
    found = session.one(select(TOTAL.label("usable")).where(BATCH.c.item_id == item_id, is_usable(today())))
    return found.usable if found is not None else 0


def is_low(day: date) -> ColumnElement[bool]:
    """Return the condition that the usable stock of an item is below its reorder level."""
    return ITEM.c.reorder_level.is_not(None) & (usable_stock(day) < ITEM.c.reorder_level)


def is_overdue(day: date) -> ColumnElement[bool]:
    """Return the condition that the service of a device is overdue. A retired device needs no service."""
    is_late = ITEM.c.next_service_on.is_not(None) & (ITEM.c.next_service_on < day)
    return is_late & (ITEM.c.state != DeviceState.RETIRED)
