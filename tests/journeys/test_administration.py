"""What an admin does to an account is felt everywhere at once."""

from typing import Any

import pytest

from tests.hospital import Hospital, eventually
from tests.people import Person, approved_doctor, sign_in, verified_patient


def change(admin: Person, method: str, path: str, **body: Any) -> dict[str, Any]:
    """The account after an admin's change."""
    reply = admin.hospital.call(method, f"/api/admin/users/{path}", token=admin.token, json=body)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def refuses(hospital: Hospital, person: Person) -> bool:
    """Whether the person's access token counts no more."""
    return hospital.call("GET", "/api/users/me", token=person.token).status_code == 401


def in_directory(admin: Person, doctor: Person) -> bool:
    """Whether the doctor can be visited."""
    return doctor.id in [one["id"] for one in admin.get("/api/doctors", limit=100)["items"]]


@pytest.fixture
def doctor(hospital: Hospital, admin: Person) -> Person:
    """A doctor of this test's own."""
    return approved_doctor(hospital, admin)


def test_a_deactivated_doctor_is_out_until_reactivated(hospital: Hospital, admin: Person, doctor: Person) -> None:
    change(admin, "PATCH", doctor.id, status="deactivated")
    eventually(lambda: refuses(hospital, doctor), seconds=2)
    eventually(lambda: not in_directory(admin, doctor))
    change(admin, "PATCH", doctor.id, status="active")
    eventually(lambda: in_directory(admin, doctor))
    assert "doctor" in sign_in(hospital, doctor.email).get("/api/users/me")["roles"]


def test_who_is_a_doctor_no_more_cannot_be_visited(hospital: Hospital, admin: Person, doctor: Person) -> None:
    assert change(admin, "PUT", f"{doctor.id}/roles", roles=["patient"])["roles"] == ["patient"]
    eventually(lambda: refuses(hospital, doctor), seconds=2)
    eventually(lambda: not in_directory(admin, doctor))


def test_who_is_made_a_doctor_can_be_visited(hospital: Hospital, admin: Person) -> None:
    person = verified_patient(hospital)
    change(admin, "PUT", f"{person.id}/roles", roles=["doctor", "patient"], specialization="neurology")
    eventually(lambda: in_directory(admin, person))


def test_a_request_for_a_role_can_be_taken_back(hospital: Hospital) -> None:
    person = verified_patient(hospital)
    asked = person.post("/api/users/me/upgrade-requests", status=201, role="nurse", statement="I am one.")
    path = f"/api/users/me/upgrade-requests/{asked['id']}"
    assert hospital.call("DELETE", path, token=person.token).json()["status"] == "withdrawn"
