"""A patient deteriorates: vital signs, notifications and due observations, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from tests.hospital import Hospital, eventually
from tests.people import Person, approved_doctor, approved_staff, open_hours

ILL = {
    "respiration": 26,
    "spo2": 90,
    "on_oxygen": False,
    "systolic": 120,
    "diastolic": 75,
    "pulse": 120,
    "consciousness": "A",
    "temperature": 36.8,
}


@pytest.fixture(scope="module")
def nurse(hospital: Hospital, admin: Person) -> Person:
    """A nurse without a shift."""
    return approved_staff(hospital, admin, "nurse")


@pytest.fixture(scope="module")
def doctor(hospital: Hospital, admin: Person) -> Person:
    """A doctor with working hours."""
    doctor = approved_doctor(hospital, admin)
    open_hours(doctor, slot_minutes=5, opens="00:00", closes="23:55")
    return doctor


@pytest.fixture(scope="module")
def desk(hospital: Hospital, admin: Person) -> Person:
    """A receptionist."""
    return approved_staff(hospital, admin, "receptionist")


@pytest.fixture
def patient_id(desk: Person, doctor: Person) -> str:
    """A patient whose visit has started."""
    facts = {"given_name": "Asha", "family_name": uuid4().hex, "birth_date": "1970-01-02", "sex": "female"}
    patient = desk.post("/api/staff/register-patient", status=201, **facts)
    slot = doctor.get(f"/api/doctors/{doctor.id}/slots")["items"][0]
    body = {"doctor_id": doctor.id, "patient_id": patient["id"], "starts_at": slot["starts_at"]}
    visit = desk.post("/api/staff/appointments", status=201, **body)
    doctor.post(f"/api/doctors/appointments/{visit['id']}/start")
    doctor.get(f"/api/doctors/patients/{patient['id']}/vitals")
    return str(patient["id"])


def recorded(nurse: Person, patient_id: str, **values: Any) -> dict[str, Any]:
    """Record vital signs."""
    reply: dict[str, Any] = nurse.post(f"/api/staff/update-vitals/{patient_id}", status=201, **values)
    return reply


def about(person: Person, patient_id: str) -> list[dict[str, Any]]:
    """The person's notifications about this patient."""
    return [one for one in person.notifications("patient_deteriorating") if one["subject_id"] == patient_id]


def test_emergency_notifies_doctor_and_nurse_without_findings(doctor: Person, nurse: Person, patient_id: str) -> None:
    reply = recorded(nurse, patient_id, **ILL)
    assert reply["abnormal"] == ["pulse", "respiration", "spo2"]
    assert reply["news2"] == {
        "score": 8,
        "level": "emergency",
        "status": "complete",
        "missing": [],
        "scale": 1,
        "next_due_at": reply["measured_at"],
    }
    for person in (doctor, nurse):
        found = eventually(lambda person=person: about(person, patient_id))
        assert [one["message"] for one in found] == ["Emergency: a patient needs help now. Open the patient's chart."]
    due = nurse.get("/api/staff/observations-due", limit=100)["items"]
    assert (patient_id, "emergency") in [(one["patient_id"], one["level"]) for one in due]


def test_doctor_reads_readings_and_decides_the_scale(doctor: Person, nurse: Person, patient_id: str) -> None:
    chart = f"/api/doctors/patients/{patient_id}"
    doctor.post(f"{chart}/oxygen-target", status=201, scale=2, reason="Hypercapnic failure.")
    reply = recorded(nurse, patient_id, spo2=90)
    assert (reply["news2"]["scale"], reply["news2"]["score"], reply["abnormal"]) == (2, None, [])
    assert doctor.get(f"{chart}/vitals")["items"][0] == reply
    wrong = nurse.post(f"/api/staff/vitals/{reply['id']}/enter-in-error", status=201, reason="Loose sensor.")
    assert (wrong["status"], wrong["version"]) == ("entered_in_error", 2)


def test_impossible_values_are_refused_by_field(nurse: Person, patient_id: str) -> None:
    reply = nurse.try_post(f"/api/staff/update-vitals/{patient_id}", pulse=400, spo2=101)
    assert (reply.status_code, set(reply.json()["errors"])) == (422, {"pulse", "spo2"})


def test_ended_observations_are_not_due(nurse: Person, patient_id: str) -> None:
    recorded(nurse, patient_id, **ILL)
    nurse.post(f"/api/staff/patients/{patient_id}/end-observations", status=201, reason="Discharged.")
    due = nurse.get("/api/staff/observations-due", limit=100)["items"]
    assert patient_id not in [one["patient_id"] for one in due]
