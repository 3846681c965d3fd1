"""Concurrent movements of stock: nothing is taken twice, and the ledger equals the stock."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import eventlet
import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.persistence.database import Database, Session
from contracts.clinical.inventory.events import StockLow
from services.clinical.inventory import batches
from services.clinical.models.inventory import BATCH
from tests.clinical.factories import published
from tests.clinical.inventory.factories import device, expired, in_days, medicine, moved, pharmacist, totals

DISPENSERS = 50


@pytest.fixture(autouse=True)
def no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show deadlocks instead of retrying."""
    monkeypatch.setattr(execution, "TRIES", 1)


def outcome(database: Database, work: Callable[[Session], Any]) -> Any:
    """Run the work in a new transaction. Return its result, or the code of its refusal."""
    try:
        with database.begin() as session:
            return work(session)
    except MatronError as refusal:
        return refusal.code


def together(database: Database, *works: Callable[[Session], Any]) -> list[Any]:
    """Run all works at the same time in green threads."""
    with eventlet.Timeout(60):
        return [thread.wait() for thread in [eventlet.spawn(outcome, database, work) for work in works]]


def stocked(session: Session) -> UUID:
    """Add a medicine with 20 usable units in two batches, and 30 units in an expired batch."""
    item_id = medicine(session, reorder_level=5)
    moved(session, item_id, "receive", 8, batch="LATE", expires_on=in_days(100))
    moved(session, item_id, "receive", 12, batch="SOON", expires_on=in_days(10))
    expired(session, item_id, "OLD", 30)
    return item_id


def dispensed(item_id: UUID, quantity: int = 1, *, partial: bool = False) -> Callable[[Session], Any]:
    def work(session: Session) -> dict[str, int]:
        taken = batches.take(session, pharmacist(), item_id, quantity, uuid7(), uuid7(), partial=partial)
        return {part.batch: part.quantity for part in taken}

    return work


def left(database: Database, item_id: UUID) -> dict[str, int]:
    with database.read() as session:
        query = select(BATCH.c.batch, BATCH.c.quantity).where(BATCH.c.item_id == item_id)
        return {row.batch: row.quantity for row in session.rows(query)}


def test_fifty_dispensers_share_the_last_twenty_units(fresh: Database) -> None:
    with fresh.begin() as session:
        item_id = stocked(session)
    outcomes = together(fresh, *[dispensed(item_id)] * DISPENSERS)
    counted = Counter(str(found) for found in outcomes)
    assert counted == {"{'SOON': 1}": 12, "{'LATE': 1}": 8, "out_of_stock": 30}
    assert left(fresh, item_id) == {"SOON": 0, "LATE": 0, "OLD": 30}
    with fresh.begin() as session:
        assert totals(session, item_id) == (30, 30, 30)


def test_concurrent_partial_dispensers_take_exactly_what_is_left(fresh: Database) -> None:
    with fresh.begin() as session:
        item_id = stocked(session)
    outcomes = together(fresh, *[dispensed(item_id, 3, partial=True)] * DISPENSERS)
    parts = [found for found in outcomes if isinstance(found, dict)]
    assert sum(sum(part.values()) for part in parts) == 20
    assert sorted(sum(part.values()) for part in parts) == [2, 3, 3, 3, 3, 3, 3]


def test_concurrent_dispensers_announce_low_stock_once(fresh: Database) -> None:
    with fresh.begin() as session:
        item_id = stocked(session)

    def work(session: Session) -> int:
        dispensed(item_id)(session)
        return len(published(session, StockLow))

    outcomes = together(fresh, *[work] * DISPENSERS)
    assert sum(found for found in outcomes if isinstance(found, int)) == 1


def test_dispensers_of_two_medicines_never_deadlock(fresh: Database) -> None:
    with fresh.begin() as session:
        first, second = stocked(session), stocked(session)

    def both(*item_ids: UUID) -> Callable[[Session], Any]:
        def work(session: Session) -> int:
            batches.lock(session, item_ids)
            return sum(sum(dispensed(item_id)(session).values()) for item_id in item_ids)

        return work

    outcomes = together(fresh, *[both(first, second), both(second, first)] * 10)
    assert outcomes == [2] * 20


def test_concurrent_deliveries_of_a_new_batch_make_one_batch(fresh: Database) -> None:
    with fresh.begin() as session:
        item_id = medicine(session)
    together(fresh, *[lambda session: moved(session, item_id, "receive", 2)] * 10)
    assert left(fresh, item_id) == {"A": 20}


def test_concurrent_devices_with_one_serial_number_make_one(fresh: Database) -> None:
    outcomes = together(fresh, *[device] * 10)
    assert Counter(type(found) for found in outcomes) == {str: 9, UUID: 1}
    assert set(outcomes) >= {"serial_number_taken"}
