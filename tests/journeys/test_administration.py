"""Changes of an account by an administrator take effect everywhere at once."""

from typing import Any

import pytest

from tests.hospital import Hospital, eventually
from tests.people import Person, approved_doctor, sign_in, verified_patient


def change(admin: Person, method: str, path: str, **body: Any) -> dict[str, Any]:
    """Change an account as an administrator, and return it."""
    reply = admin.hospital.call(method, f"/api/admin/users/{path}", token=admin.token, json=body)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def refuses(hospital: Hospital, person: Person) -> bool:
    """Whether the person's access token is refused."""
    return hospital.call("GET", "/api/users/me", token=person.token).status_code == 401


def in_directory(admin: Person, doctor: Person) -> bool:
    """Whether patients can find the doctor."""
    return doctor.id in [one["id"] for one in admin.get("/api/doctors", limit=100)["items"]]


@pytest.fixture
def doctor(hospital: Hospital, admin: Person) -> Person:
    """A doctor for this test only."""
    return approved_doctor(hospital, admin)


def test_deactivated_doctor_is_hidden_until_reactivated(hospital: Hospital, admin: Person, doctor: Person) -> None:
    change(admin, "PATCH", doctor.id, status="deactivated")
    eventually(lambda: refuses(hospital, doctor), seconds=2)
    eventually(lambda: not in_directory(admin, doctor))
    change(admin, "PATCH", doctor.id, status="active")
    eventually(lambda: in_directory(admin, doctor))
    assert "doctor" in sign_in(hospital, doctor.email).get("/api/users/me")["roles"]


def test_former_doctor_is_not_in_the_directory(hospital: Hospital, admin: Person, doctor: Person) -> None:
    assert change(admin, "PUT", f"{doctor.id}/roles", roles=["patient"])["roles"] == ["patient"]
    eventually(lambda: refuses(hospital, doctor), seconds=2)
    eventually(lambda: not in_directory(admin, doctor))


def test_new_doctor_is_in_the_directory(hospital: Hospital, admin: Person) -> None:
    person = verified_patient(hospital)
    change(admin, "PUT", f"{person.id}/roles", roles=["doctor", "patient"], specialization="neurology")
    assert eventually(lambda: in_directory(admin, person))


def test_role_request_can_be_withdrawn(hospital: Hospital) -> None:
    person = verified_patient(hospital)
    asked = person.post("/api/users/me/upgrade-requests", status=201, role="nurse", statement="I am one.")
    path = f"/api/users/me/upgrade-requests/{asked['id']}"
    assert hospital.call("DELETE", path, token=person.token).json()["status"] == "withdrawn"
