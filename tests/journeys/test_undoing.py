"""A visit completed by mistake, over HTTP: its invoice becomes void, and the visit is open again."""

from typing import Any

import pytest

from tests.hospital import Hospital, eventually
from tests.journeys.factories import MEDICINE
from tests.people import Person, approved_doctor, first_slot, open_hours, verified_patient

REASON = "The wrong patient."


@pytest.fixture(scope="module")
def doctor(hospital: Hospital, admin: Person) -> Person:
    """A doctor with working hours and a price."""
    price = {"code": "consultation:undone medicine", "name": "Consultation", "amount_minor": 7_000}
    admin.post("/api/admin/prices", status=201, **price)
    found = approved_doctor(hospital, admin, "undone medicine")
    open_hours(found)
    return found


def completed(patient: Person, doctor: Person) -> str:
    """Complete a visit, and return its id."""
    body = {"doctor_id": doctor.id, "starts_at": first_slot(patient, doctor.id)["starts_at"]}
    visit: str = patient.post("/api/patient/book-appointment", status=201, **body)["id"]
    for move in ("accept", "start", "complete"):
        doctor.post(f"/api/doctors/appointments/{visit}/{move}")
    return visit


def undo(admin: Person, visit: str) -> Any:
    """Undo the completion of a visit, and return it."""
    return admin.post(f"/api/admin/appointments/{visit}/undo-completion", reason=REASON)


def invoices(patient: Person, status: str) -> list[dict[str, Any]]:
    """Wait for invoices of the patient in this state."""
    return eventually(lambda: [one for one in patient.get("/api/patient/invoices")["items"] if one["status"] == status])


def test_unpaid_invoice_of_an_undone_visit_is_void(hospital: Hospital, admin: Person, doctor: Person) -> None:
    patient = verified_patient(hospital)
    visit = completed(patient, doctor)
    [invoice] = invoices(patient, "issued")
    assert undo(admin, visit)["status"] == "booked"
    assert [one["id"] for one in invoices(patient, "void")] == [invoice["id"]]
    for person, kind in ((patient, "invoice_voided"), (patient, "visit_completion_undone")):
        eventually(lambda person=person, kind=kind: person.notifications(kind))  # type: ignore[misc]
    told = eventually(lambda: doctor.notifications("visit_completion_undone"))
    assert visit in [one["subject_id"] for one in told]
    shown = admin.get(f"/api/admin/appointments/{visit}")["history"][-1]
    assert (shown["status"], shown["reason"], shown["actor_id"]) == ("booked", REASON, admin.id)
    given = {"patient_id": patient.id, "items": [MEDICINE]}
    eventually(lambda: doctor.try_post("/api/doctors/prescribe", **given).status_code == 404)
    for move in ("start", "complete"):
        doctor.post(f"/api/doctors/appointments/{visit}/{move}")
    assert len(invoices(patient, "issued")) == 1


def test_paid_invoice_of_an_undone_visit_is_listed_for_a_refund(
    hospital: Hospital, admin: Person, doctor: Person
) -> None:
    patient = verified_patient(hospital)
    visit = completed(patient, doctor)
    [invoice] = invoices(patient, "issued")
    page = patient.post(f"/api/patient/invoices/{invoice['id']}/pay", status=201, provider="sandbox")["checkout_url"]
    assert hospital.http.post(page, data={"outcome": "pay"}, timeout=10).status_code == 200
    undo(admin, visit)
    asked = {"needs_refund": True, "patient_id": patient.id}
    [listed] = eventually(lambda: admin.get("/api/admin/invoices", **asked)["items"])
    assert (listed["id"], listed["status"], listed["refund_minor"]) == (invoice["id"], "paid", 7_000)
    eventually(lambda: patient.notifications("refund_due"))


def test_visit_over_24_hours_ahead_is_not_started(hospital: Hospital, doctor: Person) -> None:
    patient = verified_patient(hospital)
    last = patient.get(f"/api/doctors/{doctor.id}/slots", limit=100)["items"][-1]
    body = {"doctor_id": doctor.id, "starts_at": last["starts_at"]}
    visit = patient.post("/api/patient/book-appointment", status=201, **body)["id"]
    doctor.post(f"/api/doctors/appointments/{visit}/accept")
    refused = doctor.try_post(f"/api/doctors/appointments/{visit}/start")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_early")
