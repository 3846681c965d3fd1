"""A prescription from the doctor to the pharmacy, with a refill and its invoices, over HTTP."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.hospital import Hospital, eventually
from tests.journeys.factories import MEDICINE
from tests.people import Person, approved_doctor, approved_staff, open_hours, verified_patient

SHELF = "/api/admin/inventory"
QUEUE = "/api/staff/prescriptions"


@pytest.fixture(scope="module")
def doctor(hospital: Hospital, admin: Person) -> Person:
    """A doctor with working hours."""
    doctor = approved_doctor(hospital, admin)
    open_hours(doctor, slot_minutes=5, opens="00:00", closes="23:55")
    return doctor


@pytest.fixture(scope="module")
def pharmacist(hospital: Hospital, admin: Person) -> Person:
    """A signed-in pharmacist."""
    return approved_staff(hospital, admin, "pharmacist")


@pytest.fixture
def patient(hospital: Hospital, admin: Person, doctor: Person) -> Person:
    """A patient whose visit has started."""
    patient = verified_patient(hospital)
    slot = doctor.get(f"/api/doctors/{doctor.id}/slots")["items"][0]
    desk = approved_staff(hospital, admin, "receptionist")
    body = {"doctor_id": doctor.id, "patient_id": patient.id, "starts_at": slot["starts_at"]}
    visit = desk.post("/api/staff/appointments", status=201, **body)
    doctor.post(f"/api/doctors/appointments/{visit['id']}/start")
    return patient


@pytest.fixture
def item_id(pharmacist: Person) -> str:
    """Amoxicillin in stock."""
    body = {"kind": "medicine", "name": f"Amoxicillin {uuid4().hex[:6]}", "unit": "capsule"}
    item = pharmacist.post(SHELF, status=201, substance="amoxicillin", **body)
    expires_on = (date.today() + timedelta(days=90)).isoformat()  # noqa: DTZ011  far from any boundary of days
    delivery = {"kind": "receive", "quantity": 50, "batch": "L1", "expires_on": expires_on}
    pharmacist.post(f"{SHELF}/{item['id']}/movements", status=201, **delivery)
    return str(item["id"])


def prescribed(doctor: Person, patient: Person, **fields: Any) -> str:
    """Prescribe amoxicillin; return the id of the prescription."""
    body = {"patient_id": patient.id, "items": [{**MEDICINE, **fields}]}
    return str(doctor.post("/api/doctors/prescribe", status=201, **body)["id"])


def dispensed(pharmacist: Person, prescription_id: str, item_id: str, quantity: int, status: int = 201) -> Any:
    body = {"items": [{"item_id": item_id, "quantity": quantity}]}
    return pharmacist.post(f"{QUEUE}/{prescription_id}/dispense", status=status, **body)


def kinds(person: Person) -> list[str]:
    """Return the kinds of the person's notifications."""
    return [each["kind"] for each in person.get("/api/notifications", limit=100)["items"]]


def test_refill_follows_a_dispense_and_the_doctors_approval(
    doctor: Person, patient: Person, pharmacist: Person, item_id: str
) -> None:
    first = prescribed(doctor, patient, refills=1)
    reply = dispensed(pharmacist, first, item_id, 21)
    assert [(line["batch"], line["quantity"]) for line in reply["lines"]] == [("L1", 21)]
    assert dispensed(pharmacist, first, item_id, 21, status=409)["code"] == "refill_too_early"
    asked = patient.post(f"/api/patient/prescriptions/{first}/refill", status=201, note="I travel soon.")
    (task,) = [each for each in doctor.get("/api/doctors/refill-requests")["items"] if each["id"] == asked["id"]]
    assert (task["patient_name"], task["note"]) == (patient.get("/api/patient/profile")["name"], "I travel soon.")
    url = f"/api/doctors/refill-requests/{asked['id']}/decide"
    second = doctor.post(url, decision="approve")["renewed_id"]
    assert dispensed(pharmacist, second, item_id, 21)["prescription_id"] == second
    assert pharmacist.get(f"{SHELF}/{item_id}")["quantity"] == 8
    states = {each["id"]: each["status"] for each in patient.get("/api/patient/prescriptions")["items"]}
    assert states == {first: "superseded", second: "active"}
    assert patient.get("/api/patient/refill-requests")["items"][0]["status"] == "approved"
    eventually(lambda: kinds(patient).count("medicine_dispensed") == 2 and "refill_decided" in kinds(patient))
    eventually(lambda: "refill_requested" in kinds(doctor))


def test_dispense_is_charged_on_the_invoice_of_the_visit_in_progress(
    admin: Person, doctor: Person, patient: Person, pharmacist: Person, item_id: str
) -> None:
    dispensed(pharmacist, prescribed(doctor, patient), item_id, 20)
    price = {"code": f"medicine:{item_id}", "name": "Amoxicillin capsule", "amount_minor": 25}
    admin.post("/api/admin/prices", status=201, **price)

    def priced() -> Any:
        found = patient.get("/api/patient/invoices")["items"]
        return next((each for each in found if each["total_minor"]), None)

    invoice = eventually(priced)
    (visit,) = patient.get("/api/patient/appointments")["items"]
    assert (invoice["appointment_id"], invoice["status"]) == (visit["id"], "draft")
    assert [(line["quantity"], line["amount_minor"]) for line in invoice["lines"]] == [(20, 500)]


def test_queue_of_the_pharmacy_ends_with_the_prescription(doctor: Person, patient: Person, pharmacist: Person) -> None:
    prescription_id = prescribed(doctor, patient)
    (queued,) = _queued(pharmacist, prescription_id)
    assert (queued["patient_id"], queued["items"][0]["left"], queued["fills_left"]) == (patient.id, 21, 1)
    declined = pharmacist.post(f"{QUEUE}/{prescription_id}/decline", status=201, reason="Dose is unclear.")
    assert _queued(pharmacist, prescription_id)[0]["declined_reason"] == declined["reason"]
    ended = doctor.post(f"/api/doctors/prescriptions/{prescription_id}/discontinue", reason="Rash.")
    assert (ended["status"], _queued(pharmacist, prescription_id)) == ("discontinued", [])
    eventually(lambda: {"dispense_declined", "prescription_discontinued"} <= set(kinds(patient)))


def _queued(pharmacist: Person, prescription_id: str) -> list[dict[str, Any]]:
    """Return the prescription, if it is in the queue. Only the first page of other journeys' prescriptions counts."""
    found = pharmacist.get(QUEUE, limit=100)["items"]
    return [each for each in found if each["id"] == prescription_id]


def test_revision_and_renewal_supersede(doctor: Person, patient: Person) -> None:
    first = prescribed(doctor, patient)
    url = "/api/doctors/prescriptions"
    second = doctor.post(f"{url}/{first}/revise", status=201, items=[{**MEDICINE, "days": 5, "quantity": 15}])
    third = doctor.post(f"{url}/{second['id']}/renew", status=201)
    assert (second["supersedes_id"], third["supersedes_id"]) == (first, second["id"])
    assert (third["items"][0]["quantity"], third["checks"]["findings"]) == (15, [])
