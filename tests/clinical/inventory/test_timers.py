"""The timer that announces expiring batches, and stock that is low because a batch expired."""

from datetime import timedelta

import pytest

from chassis import clock
from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from contracts.clinical.inventory.events import StockExpiring, StockLow
from services.clinical.inventory import timers
from tests.clinical.factories import published
from tests.clinical.inventory.factories import expired, in_days, medicine, moved


def looked(session: Session) -> list[int]:
    """Run the timer; return the quantities of all announced batches."""
    session.flush()
    timers.announce_expiry(session, SYSTEM)
    return [event["quantity"] for event in published(session, StockExpiring)]


@pytest.mark.parametrize(("days", "quantities"), [(61, []), (60, [5]), (0, [5])])
def test_batch_is_announced_sixty_days_before_expiry(session: Session, days: int, quantities: list[int]) -> None:
    moved(session, medicine(session), "receive", 5, expires_on=in_days(days))
    assert looked(session) == quantities


def test_expiring_batch_is_announced_once(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 5, expires_on=in_days(30))
    looked(session)
    moved(session, item_id, "waste", 1, batch="A")
    assert looked(session) == [5]


def test_each_batch_is_announced_by_itself(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 5, expires_on=in_days(30))
    looked(session)
    moved(session, item_id, "receive", 7, batch="B", expires_on=in_days(20))
    assert looked(session) == [5, 7]


def test_emptied_batch_is_announced_again_when_refilled(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 5, expires_on=in_days(30))
    looked(session)
    moved(session, item_id, "waste", 5, batch="A")
    assert looked(session) == [5]
    moved(session, item_id, "return", 2, batch="A")
    assert looked(session) == [5, 2]


def test_found_expired_batch_is_announced(session: Session) -> None:
    item_id = medicine(session)
    expired(session, item_id, "OLD", 3)
    assert looked(session) == [3]
    (event,) = published(session, StockExpiring)
    assert (event["item_id"], event["expires_on"]) == (item_id, in_days(-1))


def test_expiry_of_a_batch_announces_low_stock(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = medicine(session, reorder_level=5)
    moved(session, item_id, "receive", 9, expires_on=in_days(1))
    looked(session)
    assert published(session, StockLow) == []
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    looked(session)
    looked(session)
    assert [event["quantity"] for event in published(session, StockLow)] == [0]


def test_one_look_takes_a_limited_number_of_items(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "ITEMS", 2)
    for quantity in (1, 2, 3):
        moved(session, medicine(session), "receive", quantity, expires_on=in_days(30))
    assert looked(session) == [1, 2]
    assert looked(session) == [1, 2, 3]
