"""Requests are parsed strictly, so that no two programs read them differently."""

from collections.abc import Callable

import orjson
import pytest

from tests.gateway.wire import Wire

LIVE = "GET /health/live"
LOGIN = "POST /api/auth/login"
JSON = "Content-Type: application/json"

Connect = Callable[[], Wire]


def test_chunked_body_is_read(wire: Connect) -> None:
    headers = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    reply = wire().ask(LOGIN, *headers, body=b"2\r\n{}\r\n0\r\n\r\n")
    assert (reply.status, orjson.loads(reply.body)["code"]) == (422, "invalid")


@pytest.mark.parametrize(("chunks", "status"), [(1024, 422), (1025, 413)])
def test_chunked_body_has_the_size_limit_of_any_body(
    wire: Connect, token: Callable[..., str], chunks: int, status: int
) -> None:
    headers = (JSON, "Transfer-Encoding: chunked", f"Authorization: Bearer {token('patient')}")
    chunk = b"400\r\n" + b" " * 0x400 + b"\r\n"
    body = chunk * (chunks - 1) + chunk.replace(b"  ", b"[]", 1) + b"0\r\n\r\n"
    assert wire().ask("PATCH /api/users/me", *headers, body=body).status == status


def test_length_gets_400_when_it_is_not_a_number(wire: Connect) -> None:
    for length in ("ten", "-1", "1.5"):
        assert wire().ask(LOGIN, f"Content-Length: {length}").status == 400


def test_very_long_request_line_gets_414(wire: Connect) -> None:
    one = wire()
    one.send(b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert one.reply().status == 414


@pytest.mark.parametrize(
    "headers",
    [
        [f"X-{number}: y" for number in range(100)],
        [f"X-{number}: {'y' * 10_000}" for number in range(7)],
        [f"X-Long: {'y' * 100_000}"],
    ],
    ids=["many", "together", "one"],
)
def test_oversized_headers_get_431_and_close_connection(wire: Connect, headers: list[str]) -> None:
    one = wire()
    reply = one.ask(LIVE, *headers)
    assert (reply.status, reply.headers["connection"], one.is_closed()) == (431, "close", True)
    assert orjson.loads(reply.body)["code"] == "head_too_large"


def test_headers_are_accepted_up_to_the_limit(wire: Connect) -> None:
    assert wire().ask(LIVE, *(f"X-{number}: {'y' * 600}" for number in range(99))).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 2", "Content-Length: 2"],
        ["Content-Length: 2", "Content-Length: 20"],
        ["Content-Length: 2", "Transfer-Encoding: chunked"],
        ["Content-Length: +2"],
        ["Content-Length: 0x2"],
        ["Content-Length: 2, 2"],
        ["Content-Length: "],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: identity"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Content-Length : 2"],
        ["X-Folded: a", " Content-Length: 2"],
        ["X: a\rContent-Length: 2"],
        ["X: a\x00"],
        ["no header"],
        [": empty"],
    ],
)
def test_ambiguous_head_gets_400_and_closes_connection(wire: Connect, headers: list[str]) -> None:
    one = wire()
    reply = one.ask(LOGIN, "Content-Type: application/json", *headers, body=b"{}")
    assert (reply.status, reply.headers["connection"], one.is_closed()) == (400, "close", True)


def test_request_gets_400_without_host(wire: Connect) -> None:
    one = wire()
    one.send(b"GET /health/live HTTP/1.1\r\n\r\n")
    assert one.reply().status == 400


@pytest.mark.parametrize(
    "chunks",
    [
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}x\r\n0\r\n\r\n",
        b"2_0\r\n",
        b"x\r\n",
        b"1" * 2000,
        b"2\n{}\r\n0\r\n\r\n",
        b"2;a=b\n{}\r\n0\r\n\r\n",
        b"2;a\nb\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\n0\r\n\r\n",
        b"2\r\n{}\r\n0\n\r\n",
        b"2\r\n{}\r\n0\r\n\n",
        b"2\r\n{}\r\n0\r\nGET /x HTTP/1.1\r\n\r\n",
        b"2\r\n{}\r\n0\r\nX-Trailer: y\n\r\n",
        b"2\r\n{}\r\n0\r\nX-Trailer : y\r\n\r\n",
        b"2\r\n{}\r\n0\r\nX-Trailer: y\rz\r\n\r\n",
    ],
)
def test_malformed_chunks_get_400_and_close_connection(wire: Connect, chunks: bytes) -> None:
    one = wire()
    reply = one.ask(LOGIN, "Content-Type: application/json", "Transfer-Encoding: chunked", body=chunks)
    assert (reply.status, reply.headers["connection"], one.is_closed()) == (400, "close", True)
    assert orjson.loads(reply.body)["code"] == "body_broken"


def test_chunks_may_have_extensions_and_trailers(wire: Connect) -> None:
    one = wire()
    chunks = b"1;a=b\r\n{\r\n1\r\n}\r\n0\r\nX-Trailer: y\r\n\r\n"
    reply = one.ask(LOGIN, "Content-Type: application/json", "Transfer-Encoding: chunked", body=chunks)
    assert (reply.status, one.ask(LIVE).status) == (422, 200)


def test_request_gets_400_with_two_hosts(wire: Connect) -> None:
    assert wire().ask(LIVE, "Host: other").status == 400
