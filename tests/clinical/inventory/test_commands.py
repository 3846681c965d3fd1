"""Items of the inventory: add and change medicines and devices."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Invalid, NotFound, Stale
from chassis.persistence.database import Session
from contracts.clinical.inventory.commands import AddItem, ChangeItem
from contracts.clinical.inventory.events import StockLow
from services.clinical.inventory import commands
from tests.calls import called
from tests.clinical.factories import published
from tests.clinical.inventory.factories import device, in_days, medicine, moved, pharmacist, totals


def changed(session: Session, item_id: Any, *, if_match: str = "", **facts: Any) -> dict[str, Any]:
    with called(session, if_match=if_match):
        return commands.change(session, pharmacist(), ChangeItem(item_id=item_id, **facts))


def test_medicine_starts_without_stock(session: Session) -> None:
    command = AddItem.read({"kind": "medicine", "name": "Ibuprofen 400 mg", "unit": "tablet", "reorder_level": 50})
    shown = commands.add(session, pharmacist(), command)
    assert (shown["quantity"], shown["batches"], shown["is_low"], shown["state"]) == (0, [], True, None)


def test_new_medicine_without_stock_is_not_announced(session: Session) -> None:
    medicine(session, reorder_level=50)
    assert published(session, StockLow) == []


def test_device_is_in_service_and_counts_as_one(session: Session) -> None:
    item_id = device(session)
    assert totals(session, item_id) == (1, 0, 1)
    assert changed(session, item_id, name="Pump")["state"] == "in_service"


@pytest.mark.parametrize("serial_number", ["SN-1", "sn-1", "SN -1"])
def test_serial_number_is_unique_without_case_and_blanks(session: Session, serial_number: str) -> None:
    device(session)
    with pytest.raises(Conflict, match="serial_number_taken"):
        device(session, serial_number=serial_number)


def test_changed_serial_number_is_unique_too(session: Session) -> None:
    device(session)
    other = device(session, serial_number="SN-2")
    with pytest.raises(Conflict, match="serial_number_taken"):
        changed(session, other, serial_number="SN-1")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "medicine", "name": "Ibuprofen"}, "unit"),
        ({"kind": "medicine", "name": "Ibuprofen", "unit": "tablet", "serial_number": "1"}, "serial_number"),
        ({"kind": "medicine", "name": "Ibuprofen", "unit": "tablet", "reorder_level": -1}, "reorder_level"),
        ({"kind": "medicine", "name": " ", "unit": "tablet"}, "name"),
        ({"kind": "equipment", "name": "Pump"}, "serial_number"),
        ({"kind": "equipment", "name": "Pump", "serial_number": "1", "substance": "air"}, "substance"),
        ({"kind": "equipment", "name": "Pump", "serial_number": "1", "reorder_level": 3}, "reorder_level"),
        ({"kind": "medicine", "name": "Ibuprofen", "unit": "tablet", "strength_value": 400}, "strength_unit"),
        ({"kind": "medicine", "name": "Ibuprofen", "unit": "tablet", "strength_unit": "mg"}, "strength_unit"),
        ({"kind": "vehicle", "name": "Ambulance"}, "kind"),
    ],
)
def test_item_with_wrong_fields_is_refused(fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Invalid) as refusal:
        AddItem.read(fields)
    assert list(refusal.value.facts["errors"]) == [wrong]


@pytest.mark.parametrize("fields", [{"strength_value": 5}, {"strength_unit": "g"}, {"strength_value": None}])
def test_strength_changes_with_its_unit(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        ChangeItem.read({"item_id": str(uuid7()), **fields})
    assert list(refusal.value.facts["errors"]) == ["strength_unit"]


def test_strength_is_set_and_cleared(session: Session) -> None:
    item_id, names = medicine(session, strength_value=500, strength_unit="mg"), ("strength_value", "strength_unit")
    shown = changed(session, item_id, strength_value=0.25, strength_unit="g")
    cleared = changed(session, item_id, strength_value=None, strength_unit=None)
    assert [[one[name] for name in names] for one in (shown, cleared)] == [[0.25, "g"], [None, None]]


def test_change_counts_the_revision_and_keeps_omitted_fields(session: Session) -> None:
    shown = changed(session, medicine(session, location="Shelf A"), name="Amoxicillin", substance=None)
    assert (shown["name"], shown["substance"], shown["location"]) == ("Amoxicillin", None, "Shelf A")
    assert shown["revision"] == 2


def test_change_of_an_older_revision_is_stale(session: Session) -> None:
    item_id = medicine(session)
    changed(session, item_id, if_match='"1"', name="Amoxicillin")
    with pytest.raises(Stale):
        changed(session, item_id, if_match='"1"', name="Ampicillin")
    assert changed(session, item_id, if_match='"2"')["name"] == "Amoxicillin"


def test_movement_keeps_the_revision(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 5)
    assert changed(session, item_id, if_match='"1"', name="Amoxicillin")["quantity"] == 5


@pytest.mark.parametrize("facts", [{"serial_number": "1"}, {"state": "retired"}, {"next_service_on": None}])
def test_medicine_refuses_fields_of_equipment(session: Session, facts: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        changed(session, medicine(session), **facts)
    assert set(refusal.value.facts["errors"]) == set(facts)


def test_device_refuses_fields_of_medicines(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        changed(session, device(session), reorder_level=5)
    assert set(refusal.value.facts["errors"]) == {"reorder_level"}


def test_retired_device_leaves_the_stock(session: Session) -> None:
    item_id = device(session)
    assert changed(session, item_id, state="retired")["quantity"] == 0
    assert totals(session, item_id) == (0, 0, 0)


def test_retired_device_never_changes(session: Session) -> None:
    item_id = device(session)
    changed(session, item_id, state="retired")
    with pytest.raises(Conflict, match="device_retired"):
        changed(session, item_id, state="in_service")
    with pytest.raises(Conflict, match="device_retired"):
        moved(session, item_id, "transfer", location="Ward 2")


def test_device_out_of_service_returns_to_service(session: Session) -> None:
    item_id = device(session)
    assert changed(session, item_id, state="out_of_service")["quantity"] == 1
    assert changed(session, item_id, state="in_service")["state"] == "in_service"


def test_higher_reorder_level_announces_low_stock(session: Session) -> None:
    item_id = medicine(session, reorder_level=5)
    moved(session, item_id, "receive", 10)
    assert changed(session, item_id, reorder_level=20)["is_low"]
    assert [event["reorder_level"] for event in published(session, StockLow)] == [20]


def test_unknown_item_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound) as refusal:
        changed(session, uuid7(), name="Nothing")
    assert refusal.value.code == "not_found"


def test_overdue_service_of_a_device_is_shown(session: Session) -> None:
    item_id = device(session, next_service_on=in_days(-1))
    assert changed(session, item_id)["is_service_overdue"]
    assert not changed(session, item_id, next_service_on=in_days(0))["is_service_overdue"]
