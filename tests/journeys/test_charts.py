"""Doctors and nurses write the chart of a patient over HTTP."""

from typing import Any

import pytest

from tests.hospital import Hospital, eventually
from tests.people import Person, approved_doctor, approved_staff, first_slot, open_hours, verified_patient


@pytest.fixture(scope="session")
def nurse(hospital: Hospital, admin: Person) -> Person:
    return approved_staff(hospital, admin, "nurse")


@pytest.fixture(scope="session")
def doctor(hospital: Hospital, admin: Person) -> Person:
    found = approved_doctor(hospital, admin)
    open_hours(found, opens="00:00", closes="23:30")
    return found


@pytest.fixture
def patient(hospital: Hospital) -> Person:
    return verified_patient(hospital)


@pytest.fixture
def chart(admin: Person, doctor: Person, patient: Person) -> str:
    """Start a visit of the patient, and return the URL of the chart."""
    body = {"doctor_id": doctor.id, "patient_id": patient.id, "starts_at": first_slot(admin, doctor.id)["starts_at"]}
    visit = admin.post("/api/staff/appointments", status=201, **body)
    doctor.post(f"/api/doctors/appointments/{visit['id']}/start")
    return f"/api/doctors/patients/{patient.id}"


def change(person: Person, url: str, tag: str, **body: Any) -> tuple[int, Any]:
    """Change the version of a record that has this tag."""
    headers = {"Authorization": f"Bearer {person.token}", "If-Match": tag}
    reply = person.hospital.http.post(person.hospital.url + url, headers=headers, json=body, timeout=30)
    return reply.status_code, reply.json()


def test_diagnosis_is_written_corrected_and_struck_out(chart: str, doctor: Person, patient: Person) -> None:
    written = doctor.post(f"{chart}/records", status=201, kind="diagnosis", text="Asthma", code="J45.9")
    record = f"{chart}/records/{written['id']}"
    tag = doctor.hospital.call("GET", record, token=doctor.token).headers["ETag"]
    body = {"text": "Asthma, mild", "reason": "Severity was missing."}
    status, amended = change(doctor, f"{record}/amend", tag, **body)
    assert (status, amended["version"], amended["status"]) == (201, 2, "amended")
    status, refused = change(doctor, f"{record}/amend", tag, **body)
    assert (status, refused["code"], refused["revision"]) == (412, "stale", 2)
    doctor.post(f"{record}/enter-in-error", status=201, reason="Wrong patient.")
    assert [one["status"] for one in doctor.get(record)["versions"]] == ["final", "amended", "entered_in_error"]
    assert [one["status"] for one in doctor.get(f"{chart}/records")["items"]] == ["entered_in_error"]
    assert len(eventually(lambda: patient.notifications("record_added")[2:] or None)) == 1
    assert "sthma" not in str(patient.get("/api/notifications", limit=100))


def test_author_of_a_note_is_named(chart: str, nurse: Person) -> None:
    nurse.post(f"{chart}/records", status=201, kind="nursing_note", text="Slept well.")
    named = eventually(lambda: nurse.get(f"{chart}/records", kind="nursing_note")["items"][0]["author_name"])
    assert named == "Nora Nurse"


def test_allergy_supersedes_the_statement_of_none(chart: str, doctor: Person, nurse: Person) -> None:
    stated = nurse.post(f"{chart}/allergies", status=201, no_known_allergies=True)
    added = doctor.post(f"{chart}/allergies", status=201, substance="penicillin", severity="severe")
    refused = nurse.try_post(f"{chart}/allergies", no_known_allergies=True)
    assert (refused.status_code, refused.json()["allergy_ids"]) == (409, [added["id"]])
    shown = {one["id"]: one["status"] for one in nurse.get(f"{chart}/allergies")["items"]}
    assert shown == {added["id"]: "active", stated["id"]: "superseded"}


def test_condition_is_recorded_and_resolved(chart: str, doctor: Person, nurse: Person) -> None:
    body = {"text": "Pregnancy", "code": "Z34.0", "onset_on": "2026-03-01"}
    known = doctor.post(f"{chart}/conditions", status=201, **body)
    doctor.post(f"{chart}/conditions/{known['id']}/resolve", status=201, reason="Birth.")
    assert [one["status"] for one in nurse.get(f"{chart}/conditions")["items"]] == ["resolved"]
    refused = nurse.try_post(f"{chart}/conditions", **body)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")
