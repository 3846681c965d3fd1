"""The inventory over HTTP: a pharmacist stocks a medicine, reads alerts and the ledger, and changes an item."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from requests import Response

from tests.hospital import Hospital
from tests.people import Person, approved_staff, verified_patient

SHELF = "/api/admin/inventory"


@pytest.fixture(scope="module")
def pharmacist(hospital: Hospital, admin: Person) -> Person:
    """A signed-in pharmacist."""
    return approved_staff(hospital, admin, "pharmacist", name="Piotr Nowak")


def in_days(days: int) -> str:
    """The date in so many days. A few days apart, so that the hospital's time zone does not matter."""
    return (date.today() + timedelta(days=days)).isoformat()  # noqa: DTZ011  see above


def stocked(pharmacist: Person, name: str, **facts: Any) -> dict[str, Any]:
    """A medicine with 40 units that expire in 30 days."""
    body = {"kind": "medicine", "name": name, "unit": "tablet", **facts}
    item = pharmacist.post(SHELF, status=201, **body)
    delivery = {"kind": "receive", "quantity": 40, "batch": "L 47.11", "expires_on": in_days(30)}
    pharmacist.post(f"{SHELF}/{item['id']}/movements", status=201, **delivery)
    found: dict[str, Any] = pharmacist.get(f"{SHELF}/{item['id']}")
    return found


def test_stocked_medicine_is_found_by_name_and_filters(pharmacist: Person) -> None:
    item = stocked(pharmacist, "Journey Low", reorder_level=50)
    stocked(pharmacist, "Journey Enough", reorder_level=40)
    found = pharmacist.get(SHELF, text="journey", low="true", expiring_within=60)["items"]
    assert [(row["id"], row["usable_quantity"]) for row in found] == [(item["id"], 40)]
    assert item["batches"] == [
        {"batch": "L 47.11", "expires_on": in_days(30), "quantity": 40, "is_expired": False},
    ]


def patched(pharmacist: Person, url: str, tag: str, **facts: Any) -> Response:
    """Change an item of the revision with this tag."""
    headers = {"Authorization": f"Bearer {pharmacist.token}", "If-Match": tag}
    hospital = pharmacist.hospital
    return hospital.http.request("PATCH", hospital.url + url, headers=headers, json=facts, timeout=30)


def test_created_item_has_a_location_and_a_revision(pharmacist: Person) -> None:
    body = {"kind": "equipment", "name": "Journey pump", "serial_number": uuid4().hex}
    reply = pharmacist.try_post(SHELF, **body)
    location = reply.headers["Location"]
    assert patched(pharmacist, location, '"9"', name="Pump").status_code == 412
    assert patched(pharmacist, location, reply.headers["ETag"], state="retired").json()["state"] == "retired"


def test_alerts_and_ledger_show_the_movements(pharmacist: Person) -> None:
    item = stocked(pharmacist, "Journey Alert")
    body = {"kind": "waste", "quantity": 3, "batch": "L 47.11", "reason": "Broken"}
    assert pharmacist.post(f"{SHELF}/{item['id']}/movements", status=201, **body)["quantity"] == 37
    alerts = pharmacist.get("/api/admin/stock-alerts", kind="expiring", limit=100)["items"]
    assert [row["quantity"] for row in alerts if row["item_id"] == item["id"]] == [37]
    ledger = pharmacist.get(f"{SHELF}/{item['id']}/movements")["items"]
    assert [(row["kind"], row["quantity"], row["author_id"]) for row in ledger] == [
        ("waste", -3, pharmacist.id),
        ("receive", 40, pharmacist.id),
    ]


def test_repeated_movement_with_one_key_counts_once(pharmacist: Person) -> None:
    item = stocked(pharmacist, "Journey Key")
    body = {"kind": "waste", "quantity": 3, "batch": "L 47.11", "reason": "Broken"}
    for _time in range(2):
        reply = pharmacist.post(f"{SHELF}/{item['id']}/movements", status=201, key=f"waste-{item['id']}", **body)
    assert reply["quantity"] == 37


def test_recall_of_a_batch_is_in_the_audit(admin: Person, pharmacist: Person) -> None:
    item = stocked(pharmacist, "Journey Recall")
    url = f"{SHELF}/{item['id']}/batches/L%2047.11/recipients"
    assert pharmacist.get(url) == {"items": [], "next": None}
    entries = admin.get("/api/admin/audit", record_id=item["id"], limit=100)["items"]
    readers = [row["actor_id"] for row in entries if row["action"] == "list_recipients"]
    assert readers == [pharmacist.id]


def test_patient_sees_nothing_of_the_inventory(hospital: Hospital, pharmacist: Person) -> None:
    item, patient = stocked(pharmacist, "Journey Secret"), verified_patient(hospital)
    for url in (SHELF, f"{SHELF}/{item['id']}", f"{SHELF}/{item['id']}/movements", "/api/admin/stock-alerts"):
        assert hospital.call("GET", url, token=patient.token).status_code == 403
