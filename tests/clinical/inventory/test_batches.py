"""Dispensing from stock: earliest expiry first, never from expired batches, never more than is left."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, NotFound
from chassis.persistence.database import Session
from contracts.clinical.inventory.events import StockLow
from services.clinical.inventory import batches
from services.clinical.inventory.batches import Taken
from tests.clinical.factories import published
from tests.clinical.inventory.factories import device, expired, in_days, medicine, moved, pharmacist, totals


def stocked(session: Session, **facts: object) -> UUID:
    """Add a medicine with 5 units that expire in 10 days, 7 in 100 days, and 30 expired units."""
    item_id = medicine(session, **facts)
    expired(session, item_id, "OLD", 30)
    moved(session, item_id, "receive", 7, batch="LATE", expires_on=in_days(100))
    moved(session, item_id, "receive", 5, batch="SOON", expires_on=in_days(10))
    return item_id


def taken(session: Session, item_id: UUID, quantity: int, *, partial: bool = False) -> list[tuple[str, int]]:
    found = batches.take(session, pharmacist(), item_id, quantity, uuid7(), uuid7(), partial=partial)
    return [(part.batch, part.quantity) for part in found]


def test_dispensing_takes_the_earliest_expiry_first(session: Session) -> None:
    assert taken(session, stocked(session), 8) == [("SOON", 5), ("LATE", 3)]


def test_dispensing_names_the_batch_and_its_expiry(session: Session) -> None:
    item_id = stocked(session)
    (part,) = batches.take(session, pharmacist(), item_id, 2, uuid7(), uuid7())
    assert part == Taken(part.batch_id, "SOON", in_days(10), 2)


def test_dispensing_is_refused_when_stock_is_smaller(session: Session) -> None:
    item_id = stocked(session)
    with pytest.raises(Conflict, match="out_of_stock") as refusal:
        taken(session, item_id, 13)
    assert refusal.value.facts == {"available": 12}
    assert totals(session, item_id) == (42, 42, 42)


def test_partial_dispensing_takes_what_is_left(session: Session) -> None:
    item_id = stocked(session)
    assert taken(session, item_id, 13, partial=True) == [("SOON", 5), ("LATE", 7)]
    with pytest.raises(Conflict, match="out_of_stock"):
        taken(session, item_id, 1, partial=True)


def test_batch_is_dispensed_on_its_expiry_date(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 1, batch="TODAY", expires_on=in_days(0))
    assert taken(session, item_id, 1) == [("TODAY", 1)]


def test_two_dispenses_in_one_transaction_add_up(session: Session) -> None:
    item_id = stocked(session)
    assert taken(session, item_id, 4) + taken(session, item_id, 4) == [("SOON", 4), ("SOON", 1), ("LATE", 3)]
    assert totals(session, item_id) == (34, 34, 34)


@pytest.mark.parametrize("quantity", [0, -3])
def test_dispensing_refuses_a_quantity_below_one(session: Session, quantity: int) -> None:
    item_id = stocked(session)
    with pytest.raises(ValueError, match="positive"):
        taken(session, item_id, quantity, partial=True)
    assert totals(session, item_id) == (42, 42, 42)


def test_equipment_is_never_dispensed(session: Session) -> None:
    item_id = device(session)
    with pytest.raises(Conflict, match="not_a_medicine"):
        taken(session, item_id, 1)
    assert totals(session, item_id)[0] == 1


def test_unknown_item_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound) as refusal:
        taken(session, uuid7(), 1)
    assert refusal.value.code == "not_found"


def test_dispensing_announces_low_stock_once(session: Session) -> None:
    item_id = stocked(session, reorder_level=10)
    for quantity in (2, 1, 1):
        taken(session, item_id, quantity)
    assert [event["quantity"] for event in published(session, StockLow)] == [9]
