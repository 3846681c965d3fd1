"""What is wrong with a request is said in a problem document, with the right status."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import requests

from gateway.server.requests import MAX_BODY, MAX_STRANGERS_BODY
from tests.hospital import Hospital
from tests.people import PASSWORD

BOOK = "/api/patient/book-appointment"
LOGIN = "/api/auth/login"
ME = "/api/users/me"
SCHEDULE = "/api/doctors/schedule"
UNKNOWN = "Unknown field."
FIELDS = {"type", "title", "status", "code", "detail", "request_id"}


def problem(reply: requests.Response) -> tuple[int, str]:
    """Status and code of a problem document, which is whole."""
    document = reply.json()
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert document.keys() >= FIELDS
    assert (document["status"], document["request_id"]) == (reply.status_code, reply.headers["X-Request-Id"])
    assert document["type"] == f"urn:matron:error:{document['code']}"
    return reply.status_code, document["code"]


def send(hospital: Hospital, body: bytes, kind: str = "application/json", **headers: str) -> tuple[int, str]:
    """Log in with this body."""
    told = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return problem(hospital.http.post(hospital.url + LOGIN, data=body, headers=told, timeout=10))


def save(hospital: Hospital, token: str, body: bytes) -> tuple[int, str]:
    """Change one's own profile with this body."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return problem(hospital.http.patch(hospital.url + ME, data=body, headers=headers, timeout=10))


def test_what_is_not_there_is_404(hospital: Hospital) -> None:
    assert problem(hospital.call("GET", "/api/nowhere")) == (404, "no_such_route")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", LOGIN, "OPTIONS, POST"),
        ("DELETE", "/api/doctors/schedule", "GET, HEAD, OPTIONS, PUT"),
        ("POST", f"/api/doctors/{uuid4()}/slots", "GET, HEAD, OPTIONS"),
        ("FROB", LOGIN, "OPTIONS, POST"),
    ],
)
def test_another_method_is_405_and_says_which_are_allowed(
    hospital: Hospital, method: str, path: str, allow: str
) -> None:
    reply = hospital.call(method, path)
    assert problem(reply) == (405, "method_not_allowed")
    assert reply.headers["Allow"] == allow


def test_a_large_body_is_413_before_it_is_read(hospital: Hospital, token: Callable[..., str]) -> None:
    assert save(hospital, token("patient"), b"x" * (MAX_BODY + 1)) == (413, "body_too_large")


def test_a_body_of_just_the_limit_is_read(hospital: Hospital, token: Callable[..., str]) -> None:
    assert save(hospital, token("patient"), b'"' + b"x" * (MAX_BODY - 2) + b'"')[0] == 422


def test_where_anyone_may_ask_a_body_is_small(hospital: Hospital) -> None:
    assert send(hospital, b'"' + b"x" * (MAX_STRANGERS_BODY - 1) + b'"') == (413, "body_too_large")
    assert send(hospital, b'"' + b"x" * (MAX_STRANGERS_BODY - 2) + b'"')[0] == 422


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", ""])
def test_a_body_that_is_encoded_is_415(hospital: Hospital, coding: str) -> None:
    assert send(hospital, b"{}", Content_Encoding=coding) == (415, "body_encoded")


def test_a_body_may_say_that_it_is_not_encoded(hospital: Hospital) -> None:
    assert send(hospital, b"{}", Content_Encoding="Identity") == (422, "invalid")


@pytest.mark.parametrize(
    "body",
    [
        b'{"email":"a","email":"b"}',
        b'{"email":"a", "\\u0065mail" : "b"}',
        b'{"email":{"a":1,"a":1}}',
        b'{"email":[[{"a":1,"b":[],"a":2}]]}',
        b'{"":1,"":2}',
    ],
)
def test_a_member_that_is_named_twice_is_400(hospital: Hospital, body: bytes) -> None:
    assert send(hospital, body) == (400, "bad_json")


def test_the_same_name_in_two_objects_is_not_named_twice(hospital: Hospital) -> None:
    body = b'{"email":[{"a":1},{"a":":"}],"a":{"a":' + b"9" * 300 + b'},"b":1e5}'
    assert send(hospital, body) == (422, "invalid")


def test_another_content_type_is_415(hospital: Hospital) -> None:
    assert send(hospital, b"a=b", "application/x-www-form-urlencoded") == (415, "not_json")


def test_a_content_type_may_name_its_charset(hospital: Hospital) -> None:
    assert send(hospital, b"{}", "Application/JSON; charset=utf-8") == (422, "invalid")


@pytest.mark.parametrize(
    "body",
    [b"{", b"{'a': 1}", b'{"a": NaN}', b'{"email": "\xff"}', b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 2_500],
    ids=["cut off", "quotes", "NaN", "no UTF-8", "deep", "deep and cut off"],
)
def test_bad_json_is_400(hospital: Hospital, body: bytes) -> None:
    assert send(hospital, body) == (400, "bad_json")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"1"])
def test_json_that_is_no_object_is_422(hospital: Hospital, body: bytes) -> None:
    assert send(hospital, body) == (422, "invalid")


def test_each_wrong_field_is_named(hospital: Hospital) -> None:
    reply = hospital.call("POST", LOGIN, json={"email": 1, "colour": "red"})
    assert problem(reply) == (422, "invalid")
    assert set(reply.json()["errors"]) == {"email", "password", "colour"}


def test_nul_in_a_text_is_refused(hospital: Hospital) -> None:
    assert problem(hospital.call("POST", LOGIN, json={"email": "a\0b", "password": "x"})) == (422, "invalid")


def test_a_query_parameter_that_comes_twice_is_refused(hospital: Hospital, token: Callable[..., str]) -> None:
    reply = hospital.call("GET", "/api/doctors?limit=1&limit=2&specialization=a&name=", token=token("patient"))
    assert (problem(reply), set(reply.json()["errors"])) == ((422, "invalid"), {"limit", "name"})
    assert reply.json()["errors"]["limit"] == ["Given twice."]


def test_a_parameter_of_several_values_may_come_several_times(hospital: Hospital, token: Callable[..., str]) -> None:
    path, patient = "/api/patient/appointments", token("patient")
    for query in ("status=booked&status=cancelled", "status=booked,arrived&status=cancelled", "status=booked"):
        assert hospital.call("GET", f"{path}?{query}", token=patient).status_code == 200
    reply = hospital.call("GET", f"{path}?status=booked&status=lost", token=patient)
    assert (problem(reply), list(reply.json()["errors"])) == ((422, "invalid"), ["status"])


def test_a_command_takes_nothing_from_the_query(hospital: Hospital) -> None:
    told = {"email": "asha@gateway.example", "password": PASSWORD}
    reply = hospital.call("POST", LOGIN, params=told)
    assert problem(reply) == (422, "invalid")
    assert {name: messages[0] for name, messages in reply.json()["errors"].items()} == dict.fromkeys(told, UNKNOWN)
    reply = hospital.call("POST", LOGIN, params={"verbose": "1"}, json=told)
    assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"verbose": [UNKNOWN]})
    assert hospital.call("POST", f"{LOGIN}?", json=told).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/api/users/me/mfa"), ("PATCH", ME), ("PUT", SCHEDULE)])
def test_no_method_that_changes_something_takes_a_secret_from_the_query(
    hospital: Hospital, token: Callable[..., str], method: str, path: str
) -> None:
    reply = hospital.call(method, path, token=token("patient", "doctor"), params={"password": PASSWORD})
    assert (problem(reply), reply.json()["errors"]["password"]) == ((422, "invalid"), [UNKNOWN])


def test_what_is_no_secret_may_be_in_the_query_of_delete(hospital: Hospital, token: Callable[..., str]) -> None:
    path, other = f"/api/admin/delete-user/{uuid4()}", {"reassign_to": "nobody"}
    for sent in ({"params": other}, {"json": other}):
        reply = hospital.call("DELETE", path, token=token("admin"), **sent)
        assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"reassign_to": ["Not a valid UUID."]})
    reply = hospital.call("DELETE", path, token=token("admin"), params={"force": "1"})
    assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"force": [UNKNOWN]})


@pytest.mark.parametrize("path", ["/health%2fready", "/health%2Flive", "/api%2Fdoctors", "/docs/..%2fdocs.py"])
def test_a_slash_that_is_written_in_another_way_is_404(hospital: Hospital, path: str) -> None:
    assert problem(hospital.call("GET", path)) == (404, "no_such_route")
    assert problem(hospital.call("OPTIONS", path)) == (404, "no_such_route")


def test_other_characters_of_a_path_may_be_escaped(hospital: Hospital) -> None:
    assert hospital.call("GET", "/health/%6Cive").status_code == 200


def test_a_query_that_is_no_utf8_is_refused(hospital: Hospital, token: Callable[..., str]) -> None:
    assert problem(hospital.call("GET", "/api/doctors?limit=%FF", token=token("patient"))) == (400, "bad_query")


def test_a_field_that_comes_from_two_places_is_refused(hospital: Hospital, token: Callable[..., str]) -> None:
    path = f"/api/doctors/{uuid4()}/slots?doctor_id={uuid4()}"
    reply = hospital.call("GET", path, token=token("patient"))
    assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"doctor_id": ["Unknown field."]})


def test_nobody_says_who_he_is_in_the_body(hospital: Hospital, token: Callable[..., str]) -> None:
    body = {"patient_id": str(uuid4()), "doctor_id": str(uuid4()), "starts_at": "2030-01-01T09:00:00Z"}
    reply = hospital.call("POST", BOOK, token=token("patient"), json=body)
    assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"patient_id": [UNKNOWN]})


def test_whoever_says_so_learns_at_once_what_else_is_wrong(hospital: Hospital, token: Callable[..., str]) -> None:
    body = {"patient_id": str(uuid4()), "doctor_id": "x", "colour": "red"}
    reply = hospital.call("POST", BOOK, token=token("patient"), json=body)
    assert (problem(reply), set(reply.json()["errors"])) == ((422, "invalid"), {*body, "starts_at"})


def test_nobody_says_who_he_is_in_the_query(hospital: Hospital, token: Callable[..., str]) -> None:
    reply = hospital.call("GET", f"/api/patient/appointments?patient_id={uuid4()}", token=token("patient"))
    assert problem(reply) == (422, "invalid")


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "token"])
def test_another_way_of_signing_in_is_401(hospital: Hospital, value: str) -> None:
    headers = {"Authorization": value}
    reply = hospital.http.get(hospital.url + "/api/doctors", headers=headers, timeout=10)
    assert problem(reply) == (401, "token_invalid")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="matron"'


@pytest.mark.parametrize("key", ["x" * 256, "a\tb", ""])
def test_an_idempotency_key_has_a_limit(hospital: Hospital, token: Callable[..., str], key: str) -> None:
    headers = {"Authorization": f"Bearer {token('patient')}", "Idempotency-Key": key}
    reply = hospital.http.post(hospital.url + BOOK, headers=headers, json={}, timeout=10)
    assert problem(reply) == (422, "bad_key")


def test_head_is_get_without_the_body(hospital: Hospital, token: Callable[..., str]) -> None:
    get, head = (hospital.call(method, "/api/doctors", token=token("patient")) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_every_reply_has_a_request_id_and_forbids_sniffing(hospital: Hospital) -> None:
    replies = [hospital.call("GET", path) for path in ("/health/live", "/api/nowhere", "/api/doctors")]
    ids = {UUID(reply.headers["X-Request-Id"]) for reply in replies}
    assert len(ids) == len(replies)
    assert {reply.headers["X-Content-Type-Options"] for reply in replies} == {"nosniff"}
    assert {reply.headers["Cache-Control"] for reply in replies} == {"no-store"}
