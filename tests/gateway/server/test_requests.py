"""A bad request gets a problem document with the right status and code."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from gateway.server.requests import MAX_BODY, MAX_STRANGERS_BODY
from tests.gateway.problem_documents import problem
from tests.hospital import Hospital

BOOK = "/api/patient/book-appointment"
LOGIN = "/api/auth/login"
ME = "/api/users/me"


def send(hospital: Hospital, body: bytes, kind: str = "application/json", **headers: str) -> tuple[int, str]:
    """Log in with this body, and return status and code."""
    sent = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return problem(hospital.http.post(hospital.url + LOGIN, data=body, headers=sent, timeout=10))


def save(hospital: Hospital, token: str, body: bytes) -> tuple[int, str]:
    """Change the caller's profile with this body, and return status and code."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return problem(hospital.http.patch(hospital.url + ME, data=body, headers=headers, timeout=10))


def test_unknown_path_gets_404(hospital: Hospital) -> None:
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
def test_wrong_method_gets_405_with_allowed_methods(hospital: Hospital, method: str, path: str, allow: str) -> None:
    reply = hospital.call(method, path)
    assert problem(reply) == (405, "method_not_allowed")
    assert reply.headers["Allow"] == allow


def test_large_body_gets_413(hospital: Hospital, token: Callable[..., str]) -> None:
    assert save(hospital, token("patient"), b"x" * (MAX_BODY + 1)) == (413, "body_too_large")


def test_body_is_read_up_to_the_limit(hospital: Hospital, token: Callable[..., str]) -> None:
    assert save(hospital, token("patient"), b'"' + b"x" * (MAX_BODY - 2) + b'"')[0] == 422


def test_body_limit_is_lower_on_routes_without_token(hospital: Hospital) -> None:
    assert send(hospital, b'"' + b"x" * (MAX_STRANGERS_BODY - 1) + b'"') == (413, "body_too_large")
    assert send(hospital, b'"' + b"x" * (MAX_STRANGERS_BODY - 2) + b'"')[0] == 422


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", ""])
def test_encoded_body_gets_415(hospital: Hospital, coding: str) -> None:
    assert send(hospital, b"{}", Content_Encoding=coding) == (415, "body_encoded")


def test_body_is_read_with_identity_encoding(hospital: Hospital) -> None:
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
def test_json_gets_400_when_object_names_a_member_twice(hospital: Hospital, body: bytes) -> None:
    assert send(hospital, body) == (400, "bad_json")


def test_json_is_read_when_two_objects_have_the_same_name(hospital: Hospital) -> None:
    body = b'{"email":[{"a":1},{"a":":"}],"a":{"a":' + b"9" * 300 + b'},"b":1e5}'
    assert send(hospital, body) == (422, "invalid")


def test_other_content_type_gets_415(hospital: Hospital) -> None:
    assert send(hospital, b"a=b", "application/x-www-form-urlencoded") == (415, "not_json")


def test_content_type_may_have_a_charset(hospital: Hospital) -> None:
    assert send(hospital, b"{}", "Application/JSON; charset=utf-8") == (422, "invalid")


@pytest.mark.parametrize(
    "body",
    [b"{", b"{'a': 1}", b'{"a": NaN}', b'{"email": "\xff"}', b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 2_500],
    ids=["cut off", "quotes", "NaN", "no UTF-8", "deep", "deep and cut off"],
)
def test_malformed_json_gets_400(hospital: Hospital, body: bytes) -> None:
    assert send(hospital, body) == (400, "bad_json")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"1"])
def test_json_gets_422_when_not_an_object(hospital: Hospital, body: bytes) -> None:
    assert send(hospital, body) == (422, "invalid")


def test_wrong_fields_are_all_named(hospital: Hospital) -> None:
    reply = hospital.call("POST", LOGIN, json={"email": 1, "colour": "red"})
    assert problem(reply) == (422, "invalid")
    assert set(reply.json()["errors"]) == {"email", "password", "colour"}


def test_text_with_nul_is_refused(hospital: Hospital) -> None:
    assert problem(hospital.call("POST", LOGIN, json={"email": "a\0b", "password": "x"})) == (422, "invalid")


@pytest.mark.parametrize("path", ["/health%2fready", "/health%2Flive", "/api%2Fdoctors", "/docs/..%2fdocs.py"])
def test_path_with_an_escaped_slash_gets_404(hospital: Hospital, path: str) -> None:
    assert problem(hospital.call("GET", path)) == (404, "no_such_route")
    assert problem(hospital.call("OPTIONS", path)) == (404, "no_such_route")


def test_path_is_found_with_other_escapes(hospital: Hospital) -> None:
    assert hospital.call("GET", "/health/%6Cive").status_code == 200


def test_query_is_refused_when_not_utf8(hospital: Hospital, token: Callable[..., str]) -> None:
    assert problem(hospital.call("GET", "/api/doctors?limit=%FF", token=token("patient"))) == (400, "bad_query")


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "token"])
def test_other_authentication_scheme_gets_401(hospital: Hospital, value: str) -> None:
    headers = {"Authorization": value}
    reply = hospital.http.get(hospital.url + "/api/doctors", headers=headers, timeout=10)
    assert problem(reply) == (401, "token_invalid")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="matron"'


@pytest.mark.parametrize("key", ["x" * 256, "a\tb", ""])
def test_idempotency_key_gets_422_when_malformed(hospital: Hospital, token: Callable[..., str], key: str) -> None:
    headers = {"Authorization": f"Bearer {token('patient')}", "Idempotency-Key": key}
    reply = hospital.http.post(hospital.url + BOOK, headers=headers, json={}, timeout=10)
    assert problem(reply) == (422, "bad_key")


def test_head_is_answered_like_get_without_body(hospital: Hospital, token: Callable[..., str]) -> None:
    get, head = (hospital.call(method, "/api/doctors", token=token("patient")) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_replies_have_distinct_request_ids(hospital: Hospital) -> None:
    replies = [hospital.call("GET", path) for path in ("/health/live", "/api/nowhere", "/api/doctors")]
    ids = {UUID(reply.headers["X-Request-Id"]) for reply in replies}
    assert len(ids) == len(replies)
    assert {reply.headers["X-Content-Type-Options"] for reply in replies} == {"nosniff"}
    assert {reply.headers["Cache-Control"] for reply in replies} == {"no-store"}
