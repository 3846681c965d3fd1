"""One patient's visit, from registration to payment, over HTTP."""

import re
from uuid import uuid4

import pytest

from tests.hospital import Hospital, eventually
from tests.journeys.factories import MEDICINE
from tests.people import PASSWORD, Person, approved_doctor, first_slot, open_hours, sign_in, verified_patient


@pytest.fixture(scope="session")
def doctor(hospital: Hospital, admin: Person) -> Person:
    """A cardiologist with working hours and a price."""
    price = {"code": "consultation:cardiology", "name": "Consultation", "amount_minor": 12_000}
    admin.post("/api/admin/prices", status=201, **price)
    doctor = approved_doctor(hospital, admin)
    open_hours(doctor)
    return doctor


def test_visit_goes_from_booking_to_payment(hospital: Hospital, doctor: Person) -> None:
    patient = verified_patient(hospital)
    visit = _book(patient, doctor)
    _hold(patient, doctor, visit["id"])
    _prescribe(patient, doctor)
    _pay(patient)
    assert "Amoxicillin" not in str(patient.get("/api/notifications", limit=100))


def test_mail_links_to_a_button_that_verifies_the_address(hospital: Hospital) -> None:
    email = f"{uuid4().hex[:12]}@journey.example"
    body = {"email": email, "password": PASSWORD, "name": "Asha Rao"}
    assert hospital.call("POST", "/api/auth/register", json=body).status_code == 201
    link = re.search(r"http\S+", eventually(lambda: hospital.mails_to(email))[0])
    assert link
    button = re.search(r'name="token" value="([^"]+)"', hospital.http.get(link[0], timeout=10).text)
    assert button
    pressed = [hospital.call("POST", "/verify-email", data={"token": button[1]}) for _ in range(2)]
    assert [reply.status_code for reply in pressed] == [200, 200]
    assert "already" in pressed[1].text
    assert link[0].partition("=")[2] not in pressed[0].text + pressed[1].text
    assert sign_in(hospital, email).get("/api/users/me")["status"] == "active"


def _book(patient: Person, doctor: Person) -> dict[str, str]:
    found = patient.get("/api/doctors", specialization="cardiology", id=doctor.id)["items"]
    assert doctor.id in [one["id"] for one in found]
    slot = first_slot(patient, doctor.id)
    visit = patient.post(
        "/api/patient/book-appointment",
        status=201,
        doctor_id=doctor.id,
        starts_at=slot["starts_at"],
        reason="chest pain",
    )
    assert (visit["status"], visit["revision"], visit["patient_id"]) == ("requested", 1, patient.id)
    assert (visit["starts_at"], visit["ends_at"]) == (slot["starts_at"], slot["ends_at"])
    assert first_slot(patient, doctor.id) != slot
    told = eventually(
        lambda: [n for n in doctor.notifications("appointment_requested") if n["subject_id"] == visit["id"]]
    )
    assert len(told) == 1
    return dict(visit)


def _hold(patient: Person, doctor: Person, visit_id: str) -> None:
    for move, status in (("accept", "booked"), ("start", "in_progress"), ("complete", "fulfilled")):
        assert doctor.post(f"/api/doctors/appointments/{visit_id}/{move}")["status"] == status
    assert [one["status"] for one in patient.get("/api/patient/appointments")["items"]] == ["fulfilled"]
    eventually(lambda: patient.notifications("appointment_booked"))
    eventually(lambda: patient.notifications("visit_completed"))


def _prescribe(patient: Person, doctor: Person) -> None:
    given = doctor.post(
        "/api/doctors/prescribe", status=201, patient_id=patient.id, items=[MEDICINE], instructions="With water."
    )
    shown = patient.get("/api/patient/prescriptions")["items"]
    assert [one["id"] for one in shown] == [given["id"]]
    assert [item | MEDICINE for item in shown[0]["items"]] == shown[0]["items"]
    eventually(lambda: patient.notifications("prescription_added"))


def _pay(patient: Person) -> None:
    invoice = eventually(lambda: patient.get("/api/patient/invoices")["items"])[0]
    assert (invoice["status"], invoice["total_minor"]) == ("issued", 12_000)
    path, back = f"/api/patient/invoices/{invoice['id']}/pay", f"{patient.hospital.url}/docs"
    refused = patient.try_post(path, provider="sandbox", return_url=back.replace("//", "//evil@"))
    assert (refused.status_code, refused.json()["code"]) == (422, "return_url_not_allowed")
    begun = patient.post(path, status=201, provider="sandbox", return_url=back)
    page = patient.hospital.http.get(begun["checkout_url"], timeout=10)
    assert re.search(r'<button name="outcome" value="pay">', page.text)
    assert f'href="{back}"' in page.text
    assert patient.hospital.http.post(begun["checkout_url"], data={"outcome": "pay"}, timeout=10).status_code == 200
    assert patient.get("/api/patient/invoices")["items"][0]["status"] == "paid"
    assert [one["status"] for one in patient.get("/api/patient/payments")["items"]] == ["succeeded"]
    assert patient.get(f"/api/patient/invoices/{invoice['id']}")["status"] == "paid"
    paper = patient.hospital.call("GET", f"/api/patient/invoices/{invoice['id']}.pdf", token=patient.token)
    assert (paper.headers["Content-Type"], paper.content[:4]) == ("application/pdf", b"%PDF")
    eventually(lambda: patient.notifications("payment_received"))
