"""Movements of stock: which are allowed, what they need, and what they change."""

from datetime import date, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Invalid, NotFound
from chassis.persistence.database import Session
from contracts.clinical.inventory.commands import MoveStock
from contracts.clinical.inventory.views import MOST
from tests.clinical.inventory.factories import device, in_days, medicine, moved, totals


def test_delivery_adds_a_batch(session: Session) -> None:
    item_id = medicine(session)
    shown = moved(session, item_id, "receive", 20, batch="L1", expires_on=in_days(90))
    batch = {"batch": "L1", "expires_on": in_days(90), "quantity": 20, "is_expired": False}
    assert (shown["id"], shown["quantity"], shown["batches"]) == (item_id, 20, [batch])


def test_second_delivery_of_a_batch_adds_to_it(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    assert [batch["quantity"] for batch in moved(session, item_id, "receive", 5)["batches"]] == [25]
    assert totals(session, item_id) == (25, 25, 25)


def test_batch_with_another_expiry_date_is_refused(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    with pytest.raises(Conflict, match="other_expiry") as refusal:
        moved(session, item_id, "receive", 5, expires_on=in_days(364))
    assert refusal.value.facts == {"expires_on": in_days(365).isoformat()}


def test_same_batch_number_of_two_medicines_are_two_batches(session: Session) -> None:
    first, second = medicine(session), medicine(session)
    moved(session, first, "receive", 20)
    moved(session, second, "receive", 5, expires_on=in_days(30))
    assert (totals(session, first)[0], totals(session, second)[0]) == (20, 5)


def test_delivery_of_an_expired_batch_is_refused(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        moved(session, medicine(session), "receive", 5, expires_on=in_days(-1))
    assert refusal.value.code == "already_expired"


def test_found_batch_may_have_expired(session: Session) -> None:
    shown = moved(session, medicine(session), "adjust", 5, batch="OLD", expires_on=in_days(-1))
    assert (shown["quantity"], shown["usable_quantity"], shown["batches"][0]["is_expired"]) == (5, 0, True)


@pytest.mark.parametrize("expires_on", [date.min, date.max, date(2206, 1, 1)])
def test_expiry_date_far_from_today_is_refused(session: Session, expires_on: date) -> None:
    with pytest.raises(Invalid) as refusal:
        moved(session, medicine(session), "adjust", 5, batch="L1", expires_on=expires_on)
    assert set(refusal.value.facts["errors"]) == {"expires_on"}


@pytest.mark.parametrize(
    ("kind", "quantity", "left"),
    [("adjust", -3, 17), ("adjust", 3, 23), ("waste", 3, 17), ("return", 3, 23), ("transfer", 3, 17), ("waste", 20, 0)],
)
def test_movement_changes_the_stock(session: Session, kind: str, quantity: int, left: int) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    place = {"location": "Ward 2"} if kind == "transfer" else {}
    assert moved(session, item_id, kind, quantity, batch="A", **place)["quantity"] == left
    assert totals(session, item_id) == (left, left, left)


@pytest.mark.parametrize(("kind", "quantity"), [("adjust", -21), ("waste", 21), ("transfer", 21)])
def test_stock_never_falls_below_zero(session: Session, kind: str, quantity: int) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    place = {"location": "Ward 2"} if kind == "transfer" else {}
    with pytest.raises(Conflict, match="out_of_stock") as refusal:
        moved(session, item_id, kind, quantity, batch="A", **place)
    assert refusal.value.facts == {"available": 20}
    assert totals(session, item_id) == (20, 20, 20)


def test_dispensing_is_refused_as_a_plain_movement(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    with pytest.raises(Conflict, match="only_by_dispensing"):
        moved(session, item_id, "dispense", 1, batch="A")


@pytest.mark.parametrize("kind", ["adjust", "waste"])
def test_correction_needs_a_reason(session: Session, kind: str) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    with pytest.raises(Invalid) as refusal:
        moved(session, item_id, kind, 1, batch="A", reason=None)
    assert refusal.value.code == "reason_required"


@pytest.mark.parametrize("kind", ["waste", "return", "transfer"])
def test_unknown_batch_is_not_found(session: Session, kind: str) -> None:
    place = {"location": "Ward 2"} if kind == "transfer" else {}
    with pytest.raises(NotFound) as refusal:
        moved(session, medicine(session), kind, 1, batch="NONE", **place)
    assert refusal.value.detail == "The item has no such batch."


def test_new_batch_needs_an_expiry_date(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        moved(session, medicine(session), "receive", 1, expires_on=None)
    assert set(refusal.value.facts["errors"]) == {"expires_on"}


def test_movement_of_a_medicine_needs_batch_and_quantity(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        moved(session, medicine(session), "receive", batch=None)
    assert set(refusal.value.facts["errors"]) == {"batch", "quantity"}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "receive", "quantity": 0}, "quantity"),
        ({"kind": "receive", "quantity": -1}, "quantity"),
        ({"kind": "waste", "quantity": -1}, "quantity"),
        ({"kind": "adjust", "quantity": 0}, "quantity"),
        ({"kind": "receive", "quantity": MOST + 1}, "quantity"),
        ({"kind": "receive", "quantity": 1.5}, "quantity"),
        ({"kind": "receive", "quantity": "many"}, "quantity"),
        ({"kind": "receive", "quantity": 1, "batch": "../../etc"}, "batch"),
        ({"kind": "receive", "quantity": 1, "batch": "a/b"}, "batch"),
        ({"kind": "receive", "quantity": 1, "batch": "A\n"}, "batch"),
        ({"kind": "receive", "quantity": 1, "batch": ""}, "batch"),
        ({"kind": "receive", "quantity": 1, "expires_on": "2027-02-30"}, "expires_on"),
        ({"kind": "transfer", "quantity": 1}, "location"),
        ({"kind": "waste", "quantity": 1, "location": "Ward 2"}, "location"),
        ({"kind": "steal", "quantity": 1}, "kind"),
    ],
)
def test_movement_with_wrong_fields_is_refused(fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Invalid) as refusal:
        MoveStock.read({"item_id": str(uuid7()), **fields})
    assert set(refusal.value.facts["errors"]) == {wrong}


def test_transfer_of_a_device_changes_its_location(session: Session) -> None:
    item_id = device(session)
    assert moved(session, item_id, "transfer", location="Ward 2")["quantity"] == 1
    assert totals(session, item_id) == (1, 0, 1)


@pytest.mark.parametrize("kind", ["receive", "adjust", "waste", "return"])
def test_equipment_refuses_movements_of_stock(session: Session, kind: str) -> None:
    item_id = device(session)
    with pytest.raises(Conflict, match="only_transferred"):
        moved(session, item_id, kind, 1)
    assert totals(session, item_id) == (1, 0, 1)


def test_device_has_no_batch_and_no_quantity(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        moved(session, device(session), "transfer", 2, batch="A", location="Ward 2")
    assert set(refusal.value.facts["errors"]) == {"batch", "quantity"}


def test_batch_is_usable_until_the_end_of_its_expiry_date(session: Session) -> None:
    shown = moved(session, medicine(session), "receive", 1, expires_on=in_days(0))
    assert (shown["usable_quantity"], shown["batches"][0]["expires_on"] - in_days(0)) == (1, timedelta())
