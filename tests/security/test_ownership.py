"""An id of one person is useless to another person with the same role.

The test takes all ids in the first person's lists, and all routes with an id in the path. For such an id, the second
person must get exactly the reply for an id that does not exist.
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
from tests.security.factories import options_of

TABLE = entries(GatewayService)
PATHS = document(GatewayService)["paths"]
SANDBOX = {"/api/patient/invoices/{invoice_id}/pay": {"provider": "sandbox"}}
PUBLIC = ("/api/doctors", "/api/doctors/{doctor_id}", "/api/doctors/{doctor_id}/slots")
"""The directory of doctors, which every role may read."""
EMERGENCY = "/api/doctors/patients/{patient_id}/break-glass"
"""The route by which a doctor opens the chart of a foreign patient. Admins review each use."""
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
    """Return the body of a route: the example of the OpenAPI document, with times in the future."""
    described = PATHS[entry.url][entry.method.lower()].get("requestBody")
    given: dict[str, Any] = next(iter(described["content"].values()))["example"] if described else {}
    ahead = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    return {name: ahead if name == "starts_at" else value for name, value in given.items()} | SANDBOX.get(entry.url, {})


class Pair(NamedTuple):
    """Two people with the same role."""

    first: Person
    second: Person


def lists(person: Person, role: Role) -> dict[str, Any]:
    """Return all replies to a person from URLs without an id."""
    urls = [one.url for one in TABLE if one.method == "GET" and role in one.roles and "{" not in one.url]
    return {url: person.get(url, **_asked_of(url)) for url in urls if url not in PUBLIC}


def _asked_of(url: str) -> dict[str, Any]:
    """Return the parameters of a URL: long pages, and a period where one is required."""
    fields = next(one.contract for one in TABLE if one.url == url and one.method == "GET").schema().fields
    period = {"from": "2026-01-01", "to": "2026-12-31"} if "from_" in fields and fields["from_"].required else {}
    return {"limit": 100} if "limit" in fields else period


def with_id(role: Role) -> list[Entry]:
    """Return the routes with an id that a role may call."""
    return [one for one in TABLE if role in one.roles and "{" in one.url and one.url not in (*PUBLIC, EMERGENCY)]


def asked(hospital: Hospital, person: Person, entry: Entry, one: str) -> tuple[int, str]:
    """Call a route with an id, and return the status and text without the request id."""
    url = re.sub(r"{\w+}", one, entry.url)
    body: dict[str, Any] = {} if entry.method == "GET" else options_of(entry, body_of(entry))
    reply = hospital.call(entry.method, url, token=person.token, **body)
    return reply.status_code, reply.text.replace(reply.headers["X-Request-Id"], "")


@pytest.fixture(scope="module")
def pairs(hospital: Hospital, person_of: Staff, other_of: Staff) -> dict[Role, Pair]:
    """Return two patients and two doctors. The first of each has a record of every kind."""
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
    """Return all ids in replies."""
    return set(ANY_ID.findall(str(list(found))))


@pytest.mark.parametrize("role", [Role.PATIENT, Role.DOCTOR])
def test_record_of_another_person_is_answered_like_a_missing_record(
    hospital: Hospital, pairs: dict[Role, Pair], role: Role
) -> None:
    first, second = pairs[role]
    shared = ids_in(lists(second, role).values())
    hidden = ids_in(lists(first, role).values()) - shared - {second.id}
    before = lists(first, role)
    missing = {entry: asked(hospital, second, entry, str(uuid4())) for entry in with_id(role)}
    wrong = []
    for entry, one in product(missing, sorted(hidden)):
        reply = asked(hospital, second, entry, one)
        is_right = reply == missing[entry] and reply[0] == 404
        wrong += [] if is_right else [(entry.method, entry.url, one, reply, missing[entry])]
    assert wrong == []
    assert len(hidden) >= 5, "the first person must have records"
    assert lists(first, role) == before, "no record may change"


def test_own_record_is_answered(hospital: Hospital, pairs: dict[Role, Pair]) -> None:
    first, _second = pairs[Role.PATIENT]
    answers = {
        asked(hospital, first, entry, one)[0]
        for entry in with_id(Role.PATIENT)
        if entry.method == "POST" and "notifications" in entry.url
        for one in ids_in([first.get("/api/notifications", limit=100)])
    }
    assert 200 in answers, "otherwise the previous test would pass if every id were refused"


def test_prescriptions_for_doctors_are_refused_to_other_roles(
    hospital: Hospital, pairs: dict[Role, Pair], person_of: Staff
) -> None:
    patient = pairs[Role.PATIENT].first
    url = f"/api/doctors/prescriptions/{patient.id}"
    for role in set(Role) - {Role.DOCTOR}:
        assert hospital.call("GET", url, token=person_of(role).token).status_code == 403
