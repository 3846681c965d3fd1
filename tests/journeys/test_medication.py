"""A doctor prescribes over HTTP: findings, overrides, and their review."""

from typing import Any

import pytest

from tests.hospital import Hospital
from tests.journeys.factories import MEDICINE
from tests.people import Person, approved_doctor, approved_staff, first_slot, open_hours, verified_patient

CHECK = "/api/doctors/medication-check"


@pytest.fixture(scope="session")
def pharmacist(hospital: Hospital, admin: Person) -> Person:
    return approved_staff(hospital, admin, "pharmacist")


@pytest.fixture(scope="session")
def doctor(hospital: Hospital, admin: Person) -> Person:
    found = approved_doctor(hospital, admin)
    open_hours(found, opens="00:00", closes="23:30")
    return found


@pytest.fixture
def patient(hospital: Hospital, admin: Person, doctor: Person) -> Person:
    """A patient whose visit has started."""
    person = verified_patient(hospital)
    body = {"doctor_id": doctor.id, "patient_id": person.id, "starts_at": first_slot(admin, doctor.id)["starts_at"]}
    visit = admin.post("/api/staff/appointments", status=201, **body)
    doctor.post(f"/api/doctors/appointments/{visit['id']}/start")
    return person


def order(patient: Person, *medicines: str) -> dict[str, Any]:
    """Return the body of a prescription."""
    return {"patient_id": patient.id, "items": [{**MEDICINE, "medicine": medicine} for medicine in medicines]}


def test_interaction_is_refused_overridden_and_reviewed(
    doctor: Person, pharmacist: Person, admin: Person, patient: Person
) -> None:
    body = order(patient, "Warfarin", "Aspirin")
    refused = doctor.try_post("/api/doctors/prescribe", **body)
    assert (refused.status_code, refused.json()["code"]) == (409, "medication_findings")
    overrides = [{"finding": found["id"], "reason": "Mechanical valve."} for found in refused.json()["findings"]]
    written = doctor.post("/api/doctors/prescribe", status=201, **body, overrides=overrides)
    assert {found["override_reason"] for found in written["checks"]["findings"]} == {"Mechanical valve."}
    for reader in (admin, pharmacist):
        listed = reader.get("/api/admin/medication-overrides", patient_id=patient.id)["items"]
        assert {(each["record_id"], each["reason"]) for each in listed} == {(written["id"], "Mechanical valve.")}


def test_recorded_allergy_stops_the_prescription(doctor: Person, patient: Person) -> None:
    allergy = {"substance": "Penicillin", "reaction": "Rash", "severity": "mild", "certainty": "confirmed"}
    doctor.post(f"/api/doctors/patients/{patient.id}/allergies", status=201, **allergy)
    found = doctor.post(CHECK, **order(patient, "Cefalexin"))
    assert [(each["kind"], each["severity"]) for each in found["findings"]] == [("allergy", "serious")]
    assert doctor.try_post("/api/doctors/prescribe", **order(patient, "Cefalexin")).status_code == 409


def test_unknown_medicine_is_prescribed_as_unmatched(doctor: Person, pharmacist: Person, patient: Person) -> None:
    written = doctor.post("/api/doctors/prescribe", status=201, **order(patient, "Panazeal"))
    assert written["checks"]["unmatched"] == ["Panazeal"]
    assert pharmacist.post(CHECK, **order(patient, "Warfarin"))["unmatched"] == ["Panazeal"]


def test_replies_and_readiness_say_that_the_data_is_unreviewed(
    hospital: Hospital, doctor: Person, patient: Person
) -> None:
    checks = doctor.post(CHECK, **order(patient, "Warfarin"))
    assert (checks["data_state"], checks["reviewed_by"]) == ("usable", None)
    assert "unreviewed" in checks["notices"][0]
    notes = hospital.call("GET", "/health/ready").json()["notes"]
    is_one_process = "gateway" not in hospital.processes
    assert ("unreviewed" in str(notes.get("clinical.medicines"))) is is_one_process


def test_others_may_neither_check_nor_review(doctor: Person, patient: Person) -> None:
    body = order(patient, "Warfarin")
    assert patient.try_post(CHECK, **body).status_code == 403
    headers = {"Authorization": f"Bearer {doctor.token}"}
    url = f"{doctor.hospital.url}/api/admin/medication-overrides"
    assert doctor.hospital.http.get(url, headers=headers, timeout=30).status_code == 403
