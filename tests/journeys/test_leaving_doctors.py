"""A doctor is deactivated or loses the role: every patient with an appointment is notified."""

from typing import Any

import pytest
import requests

from records.fields import Facts
from tests.hospital import Hospital, eventually
from tests.journeys.databases import auth_knows_as_open
from tests.people import Person, approved_doctor, first_slot, open_hours, verified_patient

DEACTIVATED = ("PATCH", "/api/admin/users/{}", {"status": "deactivated"})
RELIEVED = ("PUT", "/api/admin/users/{}/roles", Facts(roles=["patient"]))
both_ways = pytest.mark.parametrize("way", [DEACTIVATED, RELIEVED], ids=["deactivated", "relieved"])
Way = tuple[str, str, dict[str, Any]]


def leave(admin: Person, doctor: Person, way: Way, **how: Any) -> requests.Response:
    """Let a doctor leave, as an administrator, and return the answer."""
    method, path, body = way
    return admin.hospital.call(method, path.format(doctor.id), token=admin.token, json={**body, **how})


def agreed(hospital: Hospital, admin: Person) -> tuple[Person, Person, str]:
    """A doctor, a patient, and their appointment, which auth has received."""
    doctor, patient = approved_doctor(hospital, admin), verified_patient(hospital)
    open_hours(doctor)
    slot = {"doctor_id": doctor.id, "starts_at": first_slot(patient, doctor.id)["starts_at"]}
    visit = patient.post("/api/patient/book-appointment", status=201, **slot)["id"]
    doctor.post(f"/api/doctors/appointments/{visit}/accept")
    eventually(lambda: auth_knows_as_open(hospital, [visit]))
    return doctor, patient, visit


def status_of(patient: Person, visit: str) -> tuple[str, str]:
    """The status and the doctor of an appointment."""
    found = patient.get(f"/api/patient/appointments/{visit}")
    return found["status"], found["doctor_id"]


@both_ways
def test_patient_is_notified_when_the_doctor_leaves_without_successor(
    hospital: Hospital, admin: Person, way: Way
) -> None:
    doctor, patient, visit = agreed(hospital, admin)
    refused = leave(admin, doctor, way)
    assert (refused.status_code, refused.json()["code"]) == (409, "has_open_visits")
    assert refused.json()["appointment_ids"] == [visit]
    assert status_of(patient, visit) == ("booked", doctor.id)
    assert leave(admin, doctor, way, displace=True).status_code == 200
    [told] = eventually(lambda: patient.notifications("appointment_displaced"))
    assert (told["subject_id"], status_of(patient, visit)) == (visit, ("displaced", doctor.id))


@both_ways
def test_patient_is_notified_when_another_doctor_takes_over(hospital: Hospital, admin: Person, way: Way) -> None:
    doctor, patient, visit = agreed(hospital, admin)
    other = approved_doctor(hospital, admin)
    open_hours(other)
    assert leave(admin, doctor, way, reassign_to=other.id).status_code == 200
    for person in (patient, other):
        told = eventually(lambda person=person: person.notifications("appointment_rescheduled"))  # type: ignore[misc]
        assert told[0]["subject_id"] == visit
    assert status_of(patient, visit) == ("booked", other.id)
