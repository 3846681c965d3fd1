"""Replies have security headers, 304, compression and CORS headers."""

import gzip
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import MatronError
from gateway.problems import BadRequest
from gateway.server.cors import Cors
from gateway.server.replies import MIN_COMPRESSED, Replies, takes_gzip
from gateway.server.requests import Request, id_of
from tests.hospital import Hospital

JSON = ("Content-Type", "application/json")
LARGE = b"[" + b'"a",' * MIN_COMPRESSED + b'"a"]'
APP = "https://app.example"
BOOK = "/api/patient/book-appointment"
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def request(method: str = "GET", **headers: str) -> Request:
    """Return a request with these headers."""
    return Request({"REQUEST_METHOD": method, **{f"HTTP_{name}": value for name, value in headers.items()}}, "id")


def finished(
    asked: Request,
    *headers: tuple[str, str],
    body: bytes = b"{}",
    url: str = "/api/x",
    status: int = 200,
    https: bool = False,
    origins: str = "",
) -> tuple[int, dict[str, str], bytes]:
    """Return the finished reply."""
    replies = Replies(https=https, cors=Cors(origins.split()))
    status, found, body = replies.finish(asked, url, (status, list(headers or [JSON]), body))
    assert len(found) == len(dict(found)), "a header is repeated"
    return status, dict(found), body


def preflight(hospital: Hospital, path: str, origin: str, method: str = "POST") -> requests.Response:
    """Send the preflight request of a browser."""
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "X-Forwarded-For": "198.51.100.77"}
    return requests.options(hospital.url + path, headers=headers, timeout=10)


def test_replies_all_have_security_headers(hospital: Hospital) -> None:
    for path, method in (("/health/live", "GET"), ("/api/nowhere", "GET"), ("/api/doctors", "GET"), (BOOK, "OPTIONS")):
        headers = hospital.call(method, path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=()"
        assert not headers.keys() & {"Server", "Strict-Transport-Security", "Access-Control-Allow-Origin"}


def test_reply_has_hsts_when_public_url_is_https() -> None:
    assert "Strict-Transport-Security" in finished(request(), https=True)[1]


def test_page_keeps_its_own_headers(hospital: Hospital) -> None:
    headers = hospital.call("GET", "/verify-email?token=x").headers
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    _status, found, _body = finished(request(), JSON, ("Cache-Control", "max-age=60"))
    assert (found["Cache-Control"], found["X-Frame-Options"]) == ("max-age=60", "DENY")


def test_request_id_of_the_client_is_kept(hospital: Hospital) -> None:
    reply = requests.get(hospital.url + "/api/nowhere", headers={"X-Request-Id": "trace-4711.a_b"}, timeout=10)
    assert (reply.headers["X-Request-Id"], reply.json()["request_id"]) == ("trace-4711.a_b", "trace-4711.a_b")


@pytest.mark.parametrize("sent", ["short", "x" * 65, "with space", "line\nbreak", '"quoted"', "ümlaut-x"])
def test_request_id_is_replaced_when_it_is_unsafe_in_logs(sent: str) -> None:
    assert UUID(id_of({"HTTP_X_REQUEST_ID": sent}))


def test_request_id_is_not_used_as_idempotency_key() -> None:
    asked = Request({}, "chosen-by-client")
    assert UUID(asked.key()) != UUID(asked.key())


@pytest.mark.parametrize("known", ['"7"', 'W/"7"', '"6", "7"', "*"])
def test_reply_is_304_when_client_has_the_version(known: str) -> None:
    status, headers, body = finished(request(IF_NONE_MATCH=known), JSON, ("ETag", '"7"'))
    assert (status, headers["ETag"], body) == (304, '"7"', b"")
    assert not headers.keys() & {"Content-Type", "Content-Length"}


@pytest.mark.parametrize("known", ['"6"', "7", "", '"77"'])
def test_reply_is_200_when_client_has_another_version(known: str) -> None:
    assert finished(request(IF_NONE_MATCH=known), JSON, ("ETag", '"7"'))[0] == 200


def test_reply_is_304_only_for_reads_with_an_etag() -> None:
    assert finished(request("PATCH", IF_NONE_MATCH="*"), JSON, ("ETag", '"7"'))[0] == 200
    assert finished(request(IF_NONE_MATCH="*"))[0] == 200


@pytest.mark.parametrize("value", ['"7"', "*", '"6", "7"', 'W/"7"', '"a b"'])
def test_if_match_is_returned_unchanged(value: str) -> None:
    assert request(IF_MATCH=value).if_match() == value


@pytest.mark.parametrize("value", ["7", '"7', '"7" "8"', '"7",', "* , *", 'w/"7"'])
def test_if_match_is_refused_when_malformed(value: str) -> None:
    with pytest.raises(BadRequest) as refused:
        request(IF_MATCH=value).if_match()
    assert refused.value.code == "bad_if_match"


@given(st.text(st.characters(max_codepoint=255), max_size=50))
def test_if_match_is_returned_or_refused_for_any_text(value: str) -> None:
    try:
        assert request(IF_MATCH=value).if_match() == value
    except MatronError as refused:
        assert refused.status == 400  # noqa: PT017


def test_device_is_the_printable_part_of_user_agent() -> None:
    assert request(USER_AGENT="Ward\x00 App\t" + "x" * 500).device() == "Ward App" + "x" * 192


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br, gzip;q=0.001", True),
        ("*", True),
        ("gzip;q=0", False),
        ("*;q=1, gzip; q=0.0", False),
        ("gzip;q=much", False),
        ("identity, br", False),
        ("", False),
    ],
)
def test_gzip_is_used_when_client_accepts_it(accepted: str, *, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


def test_large_reply_is_compressed() -> None:
    _status, headers, body = finished(request(ACCEPT_ENCODING="gzip"), body=LARGE)
    assert gzip.decompress(body) == LARGE
    assert (headers["Content-Encoding"], headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        ({"url": "/api/auth/login"}, [JSON]),
        ({"url": "/api/users/me/mfa"}, [JSON]),
        ({"body": LARGE[: MIN_COMPRESSED - 1]}, [JSON]),
        ({}, [("Content-Type", "image/png")]),
    ],
    ids=["tokens", "second factor", "small", "image"],
)
def test_reply_is_not_compressed_when_secret_small_or_image(
    changes: dict[str, Any], headers: list[tuple[str, str]]
) -> None:
    chosen = {"body": LARGE, **changes}
    assert finished(request(ACCEPT_ENCODING="gzip"), *headers, **chosen)[2] == chosen["body"]


def test_compressed_reply_is_not_compressed_again() -> None:
    headers = [JSON, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    assert finished(request(ACCEPT_ENCODING="gzip"), *headers, body=LARGE)[2] == LARGE


def test_reply_is_plain_with_vary_when_client_accepts_no_gzip() -> None:
    _status, headers, body = finished(request(), body=LARGE)
    assert (body, headers["Vary"]) == (LARGE, "Accept-Encoding")


def test_client_reads_a_compressed_reply(hospital: Hospital) -> None:
    plain = requests.get(hospital.url + "/openapi.json", headers={"Accept-Encoding": "identity"}, timeout=10)
    packed = requests.get(hospital.url + "/openapi.json", headers={"Accept-Encoding": "gzip"}, timeout=10)
    assert (plain.json(), packed.headers["Content-Encoding"]) == (packed.json(), "gzip")


def test_options_lists_the_methods(hospital: Hospital) -> None:
    reply = hospital.call("OPTIONS", BOOK)
    assert (reply.status_code, reply.headers["Allow"], reply.content) == (204, "OPTIONS, POST", b"")
    assert hospital.call("OPTIONS", "/api/nowhere").status_code == 404


def test_preflight_is_allowed_for_a_listed_origin(strict: Hospital) -> None:
    reply = preflight(strict, BOOK, APP)
    assert (reply.status_code, reply.headers["Access-Control-Allow-Origin"]) == (204, APP)
    assert reply.headers["Access-Control-Allow-Methods"] == "OPTIONS, POST"
    assert "Idempotency-Key" in reply.headers["Access-Control-Allow-Headers"]
    assert (reply.headers["Access-Control-Max-Age"], reply.headers["Vary"]) == ("600", "Origin")
    assert "Access-Control-Allow-Credentials" not in reply.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.evil.example", "null", ""])
def test_preflight_is_not_allowed_for_another_origin(strict: Hospital, origin: str) -> None:
    reply = preflight(strict, BOOK, origin)
    assert reply.status_code == 204
    assert not [name for name in reply.headers if name.startswith("Access-Control")]


def test_errors_have_cors_headers_for_a_listed_origin(strict: Hospital) -> None:
    headers = {"Origin": APP, "X-Forwarded-For": "198.51.100.78"}
    reply = requests.get(strict.url + "/api/doctors", headers=headers, timeout=10)
    assert (reply.status_code, reply.headers["Access-Control-Allow-Origin"]) == (401, APP)
    assert "Retry-After" in reply.headers["Access-Control-Expose-Headers"]
    assert (reply.headers["Cross-Origin-Resource-Policy"], reply.headers["Vary"]) == ("cross-origin", "Origin")


def test_cors_allows_any_origin_with_a_star() -> None:
    assert finished(request(ORIGIN=APP), origins="*")[1]["Access-Control-Allow-Origin"] == APP


def test_cors_allows_no_origin_by_default() -> None:
    assert not [name for name in finished(request(ORIGIN=APP))[1] if name.startswith(("Access-Control", "Vary"))]


def test_head_reply_has_the_headers_of_get(hospital: Hospital, token: Callable[..., str]) -> None:
    get, head = (requests.request(method, hospital.url + "/openapi.json", timeout=10) for method in ("GET", "HEAD"))
    names = ("Content-Length", "Content-Encoding", "ETag", "Vary", "Content-Type")
    assert [get.headers.get(name) for name in names] == [head.headers.get(name) for name in names]
    assert head.content == b""
