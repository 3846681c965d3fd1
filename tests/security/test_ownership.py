"""Whatever id one person has seen, another with the same role learns and does nothing with it.

Nothing of it is written by hand: the ids are all that the first person's lists hold, the routes all that have an id in
their path. What the second person is told must be, to the letter, what is told of an id that nobody has.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from contracts.roles import Role
from gateway.documents.openapi import document, entries
from gateway.route import Entry
from gateway.service import GatewayService
from tests.hospital import Hospital, eventually
from tests.people import Person, first_slot
from tests.security.conftest import Staff

TABLE = entries(GatewayService)
PATHS = document(GatewayService)["paths"]
SANDBOX = {"/api/patient/invoices/{invoice_id}/pay": {"provider": "sandbox"}}
PUBLIC = ("/api/doctors", "/api/doctors/{doctor_id}", "/api/doctors/{doctor_id}/slots")
"""The directory of doctors, which is for everybody who has signed in."""
ANY_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MEDICINE = {
    "medicine": "Amoxicillin",
    "dose": {"value": 500, "unit": "mg"},
    "route": "oral",
    "frequency": "three times a day",
    "days": 7,
    "quantity": 21,
    "refills": 0,
}


def body_of(entry: Entry) -> dict[str, Any]:
    """What a route takes besides the id: the document's own example, with moments that are still to come."""
    described = PATHS[entry.url][entry.method.lower()].get("requestBody")
    given: dict[str, Any] = described["content"]["application/json"]["example"] if described else {}
    ahead = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    return {name: ahead if name == "starts_at" else value for name, value in given.items()} | SANDBOX.get(entry.url, {})


class Pair(NamedTuple):
    """Two people of one role."""

    first: Person
    second: Person


def lists(person: Person, role: Role) -> dict[str, Any]:
    """All that somebody sees under addresses without an id."""
    urls = [one.url for one in TABLE if one.method == "GET" and role in one.roles and "{" not in one.url]
    return {url: person.get(url, limit=100) if _is_list(url) else person.get(url) for url in urls if url not in PUBLIC}


def _is_list(url: str) -> bool:
    contract = next(one.contract for one in TABLE if one.url == url and one.method == "GET")
    return "limit" in contract.schema().fields


def with_id(role: Role) -> list[Entry]:
    """The routes that the role may ask and that take an id."""
    return [one for one in TABLE if role in one.roles and "{" in one.url and one.url not in PUBLIC]


def asked(hospital: Hospital, person: Person, entry: Entry, one: str) -> tuple[int, str]:
    """What is told of an id, without that of the request."""
    url = re.sub(r"{\w+}", one, entry.url)
    body: dict[str, Any] = {} if entry.method == "GET" else {"json": body_of(entry)}
    reply = hospital.call(entry.method, url, token=person.token, **body)
    return reply.status_code, reply.text.replace(reply.headers["X-Request-Id"], "")


@pytest.fixture(scope="module")
def pairs(hospital: Hospital, person_of: Staff, other_of: Staff) -> dict[Role, Pair]:
    """Two patients and two doctors, of whom each first one has something of everything."""
    found = {role: Pair(person_of(role), other_of(role)) for role in (Role.PATIENT, Role.DOCTOR)}
    patient, doctor = found[Role.PATIENT].first, found[Role.DOCTOR].first
    slot = first_slot(patient, doctor.id)["starts_at"]
    patient.post("/api/users/me/upgrade-requests", status=201, role="nurse", statement="Ten years on the ward.")
    booked = patient.post("/api/patient/book-appointment", status=201, doctor_id=doctor.id, starts_at=slot)
    for move in ("accept", "start"):
        doctor.post(f"/api/doctors/appointments/{booked['id']}/{move}")
    prescription: dict[str, Any] = {"patient_id": patient.id, "items": [MEDICINE]}
    eventually(lambda: doctor.try_post("/api/doctors/prescribe", **prescription).status_code == 201)
    doctor.post(f"/api/doctors/appointments/{booked['id']}/complete")
    eventually(lambda: patient.get("/api/patient/invoices")["items"])
    eventually(lambda: len(patient.get("/api/notifications")["items"]) > 2)
    return found


def ids_in(found: Iterable[Any]) -> set[str]:
    """Every id in some replies."""
    return set(ANY_ID.findall(str(list(found))))


@pytest.mark.parametrize("role", [Role.PATIENT, Role.DOCTOR])
def test_of_what_is_anothers_one_is_told_what_is_told_of_nothing(
    hospital: Hospital, pairs: dict[Role, Pair], role: Role
) -> None:
    first, second = pairs[role]
    shared = ids_in(lists(second, role).values())
    hidden = ids_in(lists(first, role).values()) - shared - {second.id}
    before = lists(first, role)
    wrong = []
    for entry, one in product(with_id(role), sorted(hidden)):
        told, nothing = asked(hospital, second, entry, one), asked(hospital, second, entry, str(uuid4()))
        wrong += [] if told == nothing and told[0] == 404 else [(entry.method, entry.url, one, told, nothing)]
    assert wrong == []
    assert len(hidden) >= 5, "there must be something to hide"
    assert lists(first, role) == before, "and nothing of it has changed"


def test_of_ones_own_one_is_told(hospital: Hospital, pairs: dict[Role, Pair]) -> None:
    first, _second = pairs[Role.PATIENT]
    answers = {
        asked(hospital, first, entry, one)[0]
        for entry in with_id(Role.PATIENT)
        if entry.method == "POST" and "notifications" in entry.url
        for one in ids_in([first.get("/api/notifications", limit=100)])
    }
    assert 200 in answers, "else the test before would pass where every id is refused"


def test_no_staff_of_the_demo_reads_what_is_the_doctors_alone(
    hospital: Hospital, pairs: dict[Role, Pair], person_of: Staff
) -> None:
    patient = pairs[Role.PATIENT].first
    url = f"/api/doctors/prescriptions/{patient.id}"
    for role in set(Role) - {Role.DOCTOR}:
        assert hospital.call("GET", url, token=person_of(role).token).status_code == 403
