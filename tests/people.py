"""People who use a hospital over HTTP, for journeys and fault tests."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from tests.hospital import Hospital, eventually

PASSWORD = "correct-horse-battery-41"
ADMIN = "admin@journey.example"


@dataclass
class Person:
    """A signed-in person."""

    hospital: Hospital
    email: str
    id: str
    token: str
    refresh_token: str = ""

    def get(self, path: str, **params: Any) -> Any:
        """The JSON at a path."""
        reply = self.hospital.call("GET", path, token=self.token, params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def post(self, path: str, *, status: int = 200, key: str = "", **body: Any) -> Any:
        """Send a POST that must be answered with `status`, and return its JSON."""
        reply = self.try_post(path, key=key, **body)
        assert reply.status_code == status, reply.text
        return reply.json()

    def try_post(self, path: str, *, key: str = "", **body: Any) -> requests.Response:
        """Send a POST, and return any answer."""
        return self.hospital.call("POST", path, token=self.token, key=key, json=body)

    def ask(self, method: str, path: str, *, status: int = 200, **body: Any) -> Any:
        """Send a request that must be answered with `status`, and return its JSON."""
        reply = self.hospital.call(method, path, token=self.token, json=body)
        assert reply.status_code == status, reply.text
        return reply.json()

    def notifications(self, kind: str) -> list[dict[str, Any]]:
        """The person's notifications of a kind."""
        items, cursor = [], None
        while True:
            page = self.get("/api/notifications", limit=100, **({"cursor": cursor} if cursor else {}))
            items += [item for item in page["items"] if item["kind"] == kind]
            if (cursor := page["next"]) is None:
                return items


def sign_in(hospital: Hospital, email: str, password: str = PASSWORD) -> Person:
    """Sign in with a password."""
    reply = hospital.call("POST", "/api/auth/login", json={"email": email, "password": password})
    assert reply.status_code == 200, reply.text
    told = reply.json()
    return Person(hospital, email, told["user"]["id"], told["access_token"], told["refresh_token"])


def verified_patient(hospital: Hospital, name: str = "Asha Rao") -> Person:
    """Register, verify with the token from the mail, sign in."""
    email = f"{uuid4().hex[:12]}@journey.example"
    body = {"email": email, "password": PASSWORD, "name": name}
    reply = hospital.call("POST", "/api/auth/register", json=body)
    assert reply.status_code == 201, reply.text
    mail = eventually(lambda: hospital.mails_to(email))[0]
    token = re.search(r"^([\w-]{40,})\r?$", mail, re.MULTILINE)
    assert token, mail
    reply = hospital.call("POST", "/api/auth/verify-email", json={"token": token[1]})
    assert reply.status_code == 200, reply.text
    return sign_in(hospital, email)


def make_admin(
    hospital: Hospital, environment: dict[str, str], *, email: str = ADMIN, name: str = "Ada Admin"
) -> Person:
    """Create an administrator, from the command line."""
    command = [sys.executable, "-m", "matron", "admin", "create", email, "--name", name]
    chosen = {**os.environ, **environment, "MATRON_ADMIN_PASSWORD": PASSWORD}
    subprocess.run(command, env=chosen, check=True, stdout=subprocess.DEVNULL)
    return sign_in(hospital, email)


def approved_doctor(
    hospital: Hospital, admin: Person, specialization: str = "cardiology", *, name: str = "Dr Lena Weiss", **said: str
) -> Person:
    """A patient with an approved request to be a doctor, signed in again, and known to scheduling."""
    person = verified_patient(hospital, name)
    asked = person.post(
        "/api/users/me/upgrade-requests",
        status=201,
        role="doctor",
        specialization=specialization,
        **{"licence_number": "DE-4711", "statement": "Ten years on the ward.", **said},
    )
    assert asked["status"] == "pending"
    admin.post("/api/admin/approve-upgrade", request_id=asked["id"], decision="approve")
    eventually(lambda: person.notifications("upgrade_decided"))
    doctor = sign_in(hospital, person.email)
    eventually(lambda: any(d["id"] == doctor.id for d in doctor.get("/api/doctors", limit=100)["items"]))
    return doctor


def approved_staff(hospital: Hospital, admin: Person, role: str, *, name: str = "Nora Nurse") -> Person:
    """A staff member with an approved request for this role, signed in again, and known to scheduling."""
    person = verified_patient(hospital, name)
    asked = person.post("/api/users/me/upgrade-requests", status=201, role=role, statement="Five years on the ward.")
    admin.post("/api/admin/approve-upgrade", request_id=asked["id"], decision="approve")
    body = {"title": "Say hello.", "owner_id": person.id}
    eventually(lambda: admin.try_post("/api/admin/tasks", **body).status_code == 201)
    return sign_in(hospital, person.email)


def open_hours(doctor: Person, *, slot_minutes: int = 30, opens: str = "09:00", closes: str = "17:00") -> None:
    """Let the doctor work every day of the week."""
    rules = [{"weekday": day, "from": opens, "to": closes, "slot_minutes": slot_minutes} for day in range(7)]
    reply = doctor.hospital.call("PUT", "/api/doctors/schedule", token=doctor.token, json={"rules": rules})
    assert reply.status_code == 200, reply.text


def first_slot(patient: Person, doctor_id: str) -> dict[str, str]:
    """The first free slot of the doctor."""
    slot: dict[str, str] = patient.get(f"/api/doctors/{doctor_id}/slots", limit=1)["items"][0]
    return slot
