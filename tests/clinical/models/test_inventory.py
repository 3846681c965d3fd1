"""What the tables of the inventory refuse by themselves."""

import pytest
from sqlalchemy import Table, text, update
from sqlalchemy.exc import DBAPIError

from chassis.persistence.database import Session
from services.clinical.models.inventory import BATCH, ITEM, StockMovement
from tests.clinical.inventory.factories import medicine, moved, totals


@pytest.mark.parametrize("table", [ITEM, BATCH], ids=str)
def test_database_refuses_a_negative_quantity(session: Session, table: Table) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 5)
    session.flush()
    with pytest.raises(DBAPIError, match="quantity_not_negative"), session.begin_nested():
        session.execute(update(table).values(quantity=table.c.quantity - 6))
    assert totals(session, item_id) == (5, 5, 5)


@pytest.mark.parametrize("statement", ["UPDATE stock_movement SET quantity = 9", "DELETE FROM stock_movement"])
def test_trigger_refuses_changes_of_the_ledger_on_postgresql(session: Session, statement: str) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 5)
    session.flush()
    if not session.is_postgresql:
        pytest.skip("SQLite has the guard of the ORM alone")
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))
    assert totals(session, item_id) == (5, 5, 5)


def test_ledger_refuses_a_changed_movement(session: Session) -> None:
    movement_id = moved(session, medicine(session), "receive", 5)["movement_id"]
    session.flush()
    session.get_one(StockMovement, movement_id).quantity = 9
    with pytest.raises(TypeError, match="append-only"):
        session.flush()
