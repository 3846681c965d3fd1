"""For random movements, the ledger equals the stock, and no batch falls below zero."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.errors import MatronError
from chassis.persistence.database import Session
from services.clinical.inventory import batches
from services.clinical.models.inventory import BATCH, MOVEMENT
from tests.clinical.inventory.factories import in_days, medicine, moved, pharmacist, totals

BATCHES = {"OLD": -1, "SOON": 5, "LATE": 300}
"""Batch numbers, and the days until their expiry."""
MOVEMENTS = st.tuples(
    st.sampled_from(["receive", "dispense", "adjust", "waste", "return", "transfer"]),
    st.sampled_from(sorted(BATCHES)),
    st.integers(-9, 12),
)


def perform(session: Session, item_id: Any, kind: str, batch: str, quantity: int) -> int:
    """Try a movement behind a savepoint. Return the change of the stock, 0 if it was refused."""
    more: dict[str, Any] = {"expires_on": in_days(BATCHES[batch])} if kind in ("receive", "adjust") else {}
    place = {"location": "Ward 2"} if kind == "transfer" else {}
    before = totals(session, item_id)[0]
    try:
        with session.begin_nested():
            if kind == "dispense":
                taken = batches.take(session, pharmacist(), item_id, abs(quantity) + 1, uuid7(), uuid7(), partial=True)
                return -sum(part.quantity for part in taken)
            amount = quantity if kind == "adjust" else abs(quantity) + 1
            return int(moved(session, item_id, kind, amount, batch=batch, **more, **place)["quantity"]) - before
    except MatronError:
        return 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(movements=st.lists(MOVEMENTS, max_size=15))
def test_ledger_equals_stock_after_any_movements(session: Session, movements: list[tuple[str, str, int]]) -> None:
    item_id = medicine(session)
    expected = sum(perform(session, item_id, *movement) for movement in movements)
    assert totals(session, item_id) == (expected, expected, expected)
    assert _by_batch(session, BATCH.c.id, BATCH.c.quantity, item_id) == _by_batch(
        session, MOVEMENT.c.batch_id, MOVEMENT.c.quantity, item_id
    )
    assert all(quantity >= 0 for quantity in _by_batch(session, BATCH.c.id, BATCH.c.quantity, item_id).values())


def _by_batch(session: Session, key: Any, quantity: Any, item_id: Any) -> dict[Any, int]:
    """Return the quantities of each batch of an item that ever had stock."""
    query = select(key, func.sum(quantity)).where(key.table.c.item_id == item_id).group_by(key)
    return {batch_id: int(found) for batch_id, found in session.rows(query)}
