"""Alerts about low stock, and the list of all alerts."""

from datetime import date
from typing import Any

from chassis.contract import PageQuery
from chassis.persistence.database import Session
from contracts.clinical.inventory.events import StockLow
from contracts.clinical.inventory.queries import ListStockAlerts
from services.clinical.inventory import alerts
from tests.clinical.factories import published, statements
from tests.clinical.inventory.factories import device, expired, in_days, medicine, moved, pharmacist
from tests.clinical.vitals_factories import employed


def listed(session: Session, **filters: Any) -> list[tuple[str, str, date, int]]:
    page = alerts.listing(session, pharmacist(), ListStockAlerts(**filters))
    return [(row.kind, row.name, row.due_on, row.quantity) for row in page.items]


def troubled(session: Session) -> None:
    """Make one alert of each kind."""
    moved(session, medicine(session, name="Low", reorder_level=10), "receive", 4)
    moved(session, medicine(session, name="Soon"), "receive", 5, batch="S", expires_on=in_days(60))
    expired(session, medicine(session, name="Old"), "OLD", 6)
    device(session, name="Late", next_service_on=in_days(-9))


def test_low_stock_is_announced_again_only_after_recovery(session: Session) -> None:
    item_id = medicine(session, reorder_level=10)
    for kind, quantity in (("receive", 20), ("waste", 11), ("waste", 1), ("return", 2), ("waste", 1)):
        moved(session, item_id, kind, quantity, batch="A")
    assert [event["quantity"] for event in published(session, StockLow)] == [9, 9]


def test_stock_at_the_reorder_level_is_not_low(session: Session) -> None:
    item_id = medicine(session, reorder_level=10)
    moved(session, item_id, "receive", 20)
    moved(session, item_id, "waste", 10, batch="A")
    assert published(session, StockLow) == []


def test_low_stock_names_item_quantity_and_level(session: Session) -> None:
    item_id = medicine(session, reorder_level=10)
    moved(session, item_id, "receive", 20)
    moved(session, item_id, "waste", 15, batch="A")
    (event,) = published(session, StockLow)
    assert event == {"item_id": item_id, "quantity": 5, "reorder_level": 10, "recipient_ids": []}


def test_alerts_are_listed_by_date(session: Session) -> None:
    troubled(session)
    assert listed(session) == [
        ("service_overdue", "Late", in_days(-9), 1),
        ("expired", "Old", in_days(-1), 6),
        ("low", "Low", in_days(0), 4),
        ("expiring", "Soon", in_days(60), 5),
    ]


def test_alerts_are_filtered_by_kind(session: Session) -> None:
    troubled(session)
    for kind in ("service_overdue", "expired", "low", "expiring"):
        assert [found[0] for found in listed(session, kind=kind)] == [kind]


def test_pages_of_alerts_follow_each_other(session: Session) -> None:
    troubled(session)
    first = alerts.listing(session, pharmacist(), ListStockAlerts(limit=3))
    assert issubclass(ListStockAlerts, PageQuery)
    assert [found[0] for found in listed(session, cursor=first.next)] == ["expiring"]


def test_list_of_alerts_costs_one_statement(session: Session) -> None:
    troubled(session)
    session.flush()
    with statements(session) as sent:
        assert len(listed(session)) == 4
    assert len(sent) == 1


def test_far_empty_and_retired_stock_has_no_alert(session: Session) -> None:
    moved(session, medicine(session), "receive", 5, expires_on=in_days(61))
    item_id = medicine(session)
    expired(session, item_id, "OLD", 6)
    moved(session, item_id, "waste", 6, batch="OLD")
    device(session, next_service_on=in_days(0))
    assert listed(session) == []


def test_low_stock_names_the_present_pharmacists(session: Session) -> None:
    item_id, pharmacist_id = medicine(session, reorder_level=10), employed(session, role="pharmacist")
    employed(session, role="nurse")
    moved(session, item_id, "receive", 20)
    moved(session, item_id, "waste", 15, batch="A")
    assert [event["recipient_ids"] for event in published(session, StockLow)] == [[pharmacist_id]]
