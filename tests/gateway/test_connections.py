"""What connections do: they are kept, broken off, left idle, and none of them harms another."""

from collections.abc import Callable

import orjson

from tests.gateway.wire import Wire
from tests.hospital import Hospital

LIVE = "GET /health/live"
LOGIN = "POST /api/auth/login"
IDLE = 500

Connect = Callable[[], Wire]


def test_a_connection_serves_many_requests(wire: Connect) -> None:
    one = wire()
    assert [one.ask(LIVE).status for _ in range(5)] == [200] * 5


def test_a_refused_request_leaves_the_connection_as_it_was(wire: Connect) -> None:
    one = wire()
    statuses = [
        one.ask("GET /nowhere").status,
        one.ask(LOGIN, "Content-Type: application/json", "Content-Length: 1", body=b"{").status,
        one.ask(LIVE).status,
    ]
    assert statuses == [404, 400, 200]


def test_a_body_that_nobody_reads_is_not_taken_for_a_request(wire: Connect) -> None:
    one = wire()
    body = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    assert one.ask("POST /nowhere", f"Content-Length: {len(body)}", body=body).status == 404
    reply = one.ask(LIVE)
    assert (reply.status, orjson.loads(reply.body)) == (200, {"status": "ok"})
    assert one.left == b""


def test_requests_may_follow_each_other_without_waiting(wire: Connect) -> None:
    one = wire()
    one.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    assert [one.reply().status for _ in range(3)] == [200] * 3


def test_a_body_that_breaks_off_harms_nobody(wire: Connect) -> None:
    one = wire()
    one.send(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    one.close()
    assert wire().ask(LIVE).status == 200


def test_a_chunked_body_is_read(wire: Connect) -> None:
    headers = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    reply = wire().ask(LOGIN, *headers, body=b"2\r\n{}\r\n0\r\n\r\n")
    assert (reply.status, orjson.loads(reply.body)["code"]) == (422, "invalid")


def test_a_chunked_body_has_the_same_limit(wire: Connect) -> None:
    headers = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    reply = wire().ask(LOGIN, *headers, body=chunk * 17 + b"0\r\n\r\n")
    assert reply.status == 413


def test_a_length_that_is_no_number_is_400(wire: Connect) -> None:
    for length in ("ten", "-1", "1.5"):
        assert wire().ask(LOGIN, f"Content-Length: {length}").status == 400


def test_a_garbage_request_line_is_400_and_ends_the_connection(wire: Connect) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"HELLO WORLD AND ALL OF YOU\r\n\r\n"):
        one = wire()
        one.send(garbage)
        assert b"400" in one.socket.recv(65536)
        assert one.is_closed()


def test_a_very_long_line_is_refused(wire: Connect) -> None:
    one = wire()
    one.send(b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert one.reply().status == 414


def test_too_many_headers_are_refused(wire: Connect) -> None:
    one = wire()
    assert one.ask(LIVE, *(f"X-{number}: {'y' * 1000}" for number in range(200))).status in (400, 431)


def test_idle_connections_do_not_stop_others(wire: Connect, hospital: Hospital) -> None:
    idle = [wire() for _ in range(IDLE)]
    assert hospital.call("GET", "/health/live").status_code == 200
    assert idle[-1].ask(LIVE).status == 200


def test_half_a_request_does_not_stop_others(wire: Connect, hospital: Hospital) -> None:
    for _ in range(50):
        wire().send(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert hospital.call("GET", "/health/live").status_code == 200


def test_a_client_that_goes_before_its_answer_harms_nobody(wire: Connect, hospital: Hospital) -> None:
    for _ in range(20):
        one = wire()
        one.send(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n")
        one.close()
    assert hospital.call("GET", "/.well-known/jwks.json").status_code == 200
    assert "Traceback" not in hospital.logs()
