"""Hostile bodies: fields that the caller may not set, and shapes that are expensive to read."""

import re
from typing import Any
from uuid import uuid4

import pytest

from contracts.roles import Role
from gateway.documents.openapi import entries
from gateway.route import Entry
from gateway.service import GatewayService
from tests.hospital import Hospital
from tests.security.conftest import Staff
from tests.security.factories import options_of

COVETED = {
    "id": str(uuid4()),
    "user_id": str(uuid4()),
    "person_id": str(uuid4()),
    "patient_id": str(uuid4()),
    "doctor_id": str(uuid4()),
    "roles": ["admin"],
    "status": "active",
    "is_verified": True,
    "verified": True,
    "mfa_enabled": False,
    "password_hash": "x",
    "created_at": "2020-01-01T00:00:00Z",
    "revision": 99,
    "amount_minor": 1,
}
"""Fields that an attacker would like to set."""
WRITES = [entry for entry in entries(GatewayService) if entry.method != "GET"]
PROFILE = "/api/users/me"


def taken(entry: Entry) -> set[str]:
    """Return the names of the fields of a command."""
    return {field.data_key or name for name, field in entry.contract.schema().fields.items()}


@pytest.mark.parametrize("entry", WRITES, ids=lambda entry: f"{entry.method} {entry.url}")
def test_field_is_refused_when_the_caller_may_not_set_it(hospital: Hospital, person_of: Staff, entry: Entry) -> None:
    token = person_of(min(Role(role) for role in entry.roles)).token if entry.roles else ""
    body = {name: value for name, value in COVETED.items() if name == entry.me or name not in taken(entry)}
    url = re.sub(r"{\w+}", lambda _part: str(uuid4()), entry.url)
    reply = hospital.call(entry.method, url, token=token, **options_of(entry, body))
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    errors = reply.json()["errors"]
    refused = {name for name in body if errors.get(name) == ["Unknown field."]}
    assert refused == set(body)


def send(hospital: Hospital, token: str, body: bytes) -> tuple[int, str]:
    """Change the caller's profile, and return status and code."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    reply = hospital.http.patch(hospital.url + PROFILE, data=body, headers=headers, timeout=10)
    return reply.status_code, reply.json().get("code", "")


@pytest.mark.parametrize("depth", [20, 126, 253, 600, 1023])
@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"])
def test_body_is_refused_when_nested_too_deep(
    hospital: Hospital, person_of: Staff, depth: int, begin: bytes, end: bytes
) -> None:
    body = b'{"name":' + begin * depth + b"1" + end * depth + b"}"
    assert send(hospital, person_of(Role.PATIENT).token, body) == (413, "body_too_large")


def test_body_is_read_when_nested_up_to_the_limit(hospital: Hospital, person_of: Staff) -> None:
    body = b'{"name":' + b"[" * 18 + b"1" + b"]" * 18 + b"}"
    assert send(hospital, person_of(Role.PATIENT).token, body) == (422, "invalid")


@pytest.mark.parametrize(
    "body",
    [b'{"name":[' + b"1," * 4_000 + b"1]}", b"{" + b",".join(b'"f%d":1' % at for at in range(4_001)) + b"}"],
    ids=["a long list", "many fields"],
)
def test_body_is_refused_with_too_many_values(hospital: Hospital, person_of: Staff, body: bytes) -> None:
    assert send(hospital, person_of(Role.PATIENT).token, body) == (413, "body_too_large")


def test_commas_in_a_text_are_not_counted_as_values(hospital: Hospital, person_of: Staff) -> None:
    assert send(hospital, person_of(Role.PATIENT).token, b'{"name":"' + b"[{," * 5_000 + b'"}') == (422, "invalid")


@pytest.mark.parametrize(
    "body",
    [b'{"name":"\\ud800"}', b'{"name":"\xc0\xaf"}', b'{"name":"\xed\xa0\x80"}', b'{"a":1e400}', b"\xef\xbb\xbf{}"],
    ids=["a lone surrogate", "overlong UTF-8", "a surrogate in UTF-8", "a number too large", "a byte order mark"],
)
def test_ambiguous_text_gets_400(hospital: Hospital, person_of: Staff, body: bytes) -> None:
    assert send(hospital, person_of(Role.PATIENT).token, body) == (400, "bad_json")


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_method_override_headers_are_ignored(hospital: Hospital, person_of: Staff, header: str) -> None:
    patient = person_of(Role.PATIENT)
    headers: dict[str, Any] = {"Authorization": f"Bearer {patient.token}", header: "DELETE"}
    reply = hospital.http.post(f"{hospital.url}/api/users/me/sessions/{uuid4()}", headers=headers, timeout=10)
    assert (reply.status_code, reply.headers["Allow"]) == (405, "DELETE, OPTIONS")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "MADEUP"])
def test_unknown_method_gets_405(hospital: Hospital, person_of: Staff, method: str) -> None:
    reply = hospital.call(method, PROFILE, token=person_of(Role.PATIENT).token)
    assert (reply.status_code, reply.json()["code"]) == (405, "method_not_allowed")
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS, PATCH"
