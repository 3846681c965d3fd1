"""The pharmacy of the demo: 30 medicines in batches, one of them expired and one low."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from chassis import config
from chassis.identity import SYSTEM
from chassis.persistence.database import Database, Session
from contracts.clinical.inventory.queries import ListItems, ListStockAlerts
from matron import demo_stock
from matron.migrations import migrate
from services.clinical.inventory import alerts, queries
from services.clinical.models.inventory import BATCH, MOVEMENT, Item
from tests import ward


@pytest.fixture
def pharmacy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session on a database with the stock of the demo."""
    monkeypatch.setattr(config, "_current", ward.settings())
    database = Database(f"sqlite:///{tmp_path}/clinical.db")
    migrate("clinical", database)
    with database.begin() as session:
        demo_stock.fill(session)
        session.flush()
        yield session
    database.close()


def test_pharmacy_has_thirty_medicines_in_batches(pharmacy: Session) -> None:
    items = queries.listing(pharmacy, SYSTEM, ListItems(limit=100)).items
    assert len(items) == 30
    assert all(item.quantity > 0 and item.unit for item in items)


def test_pharmacy_has_one_expired_and_one_low_medicine(pharmacy: Session) -> None:
    found = alerts.listing(pharmacy, SYSTEM, ListStockAlerts()).items
    assert [(alert.kind, alert.name.split()[0]) for alert in found] == [
        ("expired", "Metronidazole"),
        ("low", "Insulin"),
    ]


def test_stock_of_the_demo_equals_its_ledger(pharmacy: Session) -> None:
    sums = [pharmacy.scalar(select(func.sum(table.c.quantity))) for table in (Item.__table__, BATCH, MOVEMENT)]
    assert len(set(sums)) == 1


def test_sufficient_medicines_of_the_demo_can_become_low(pharmacy: Session) -> None:
    marked = pharmacy.scalars(select(Item.substance).where(Item.low_since.is_not(None))).all()
    assert marked == [demo_stock.LOW]


def test_second_start_adds_nothing(pharmacy: Session) -> None:
    demo_stock.fill(pharmacy)
    assert pharmacy.scalar(select(func.count()).select_from(Item)) == 30


def test_strength_is_that_of_a_unit_that_is_one_dose(pharmacy: Session) -> None:
    known = {item.substance: (item.strength_value, item.strength_unit) for item in pharmacy.scalars(select(Item))}
    assert (known["amoxicillin"], known["ceftriaxone"]) == ((500, "mg"), (1, "g"))
    assert {name for name, strength in known.items() if strength == (None, None)} == {
        "enoxaparin",
        "insulin glargine",
        "morphine",
        "salbutamol",
    }
