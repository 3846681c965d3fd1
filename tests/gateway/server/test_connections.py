"""Connections are kept open, reset or left idle, and none of them affects another."""

import random
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from select import select

import eventlet
import orjson
import pytest

from gateway.server import protocol
from gateway.server.connections import Connections
from matron.runner import POOL_SIZE
from tests.gateway.conftest import EACH
from tests.gateway.wire import Wire
from tests.hospital import Hospital

LIVE = "GET /health/live"
LOGIN = "POST /api/auth/login"
IDLE = 1000

NUMBERS = count(1)

Connect = Callable[..., Wire]


def kernel_backlog() -> int:
    """Return the kernel's bound of connections that a process has not accepted yet."""
    bound = Path("/proc/sys/net/core/somaxconn")
    return int(bound.read_text()) if bound.exists() else socket.SOMAXCONN


def test_connection_serves_many_requests(wire: Connect) -> None:
    one = wire()
    assert [one.ask(LIVE).status for _ in range(5)] == [200] * 5


def test_connection_stays_open_after_a_refused_request(wire: Connect) -> None:
    one = wire()
    statuses = [
        one.ask("GET /nowhere").status,
        one.ask(LOGIN, "Content-Type: application/json", "Content-Length: 1", body=b"{").status,
        one.ask(LIVE).status,
    ]
    assert statuses == [404, 400, 200]


def test_unread_body_is_not_taken_for_a_request(wire: Connect) -> None:
    one = wire()
    body = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    assert one.ask("POST /nowhere", f"Content-Length: {len(body)}", body=body).status == 404
    reply = one.ask(LIVE)
    assert (reply.status, orjson.loads(reply.body)) == (200, {"status": "ok"})
    assert one.left == b""


def test_pipelined_requests_are_all_answered(wire: Connect) -> None:
    one = wire()
    one.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    assert [one.reply().status for _ in range(3)] == [200] * 3


def test_incomplete_body_affects_no_other_connection(wire: Connect) -> None:
    one = wire()
    one.send(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    one.close()
    assert wire().ask(LIVE).status == 200


def test_malformed_request_line_gets_400_and_closes_connection(wire: Connect) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"HELLO WORLD AND ALL OF YOU\r\n\r\n"):
        one = wire()
        one.send(garbage)
        assert b"400" in one.socket.recv(65536)
        assert one.is_closed()


def test_oversized_body_is_refused_unread(wire: Connect) -> None:
    one = wire()
    reply = one.ask(LOGIN, f"Content-Length: {10**12}", body=b"x" * 1000)
    assert (reply.status, reply.headers["connection"], one.is_closed()) == (413, "close", True)


def test_expect_continue_gets_100(wire: Connect) -> None:
    one = wire()
    headers = ("Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue")
    assert one.ask(LOGIN, *headers).status == 100
    one.send(b"{}")
    assert one.reply().status == 422


def test_expect_continue_gets_413_when_body_is_too_large(wire: Connect) -> None:
    one = wire()
    reply = one.ask(LOGIN, f"Content-Length: {10**9}", "Expect: 100-continue")
    assert (reply.status, one.is_closed()) == (413, True)


def test_http_1_0_connection_is_closed_after_the_reply(wire: Connect) -> None:
    one = wire()
    one.send(b"GET /health/live HTTP/1.0\r\n\r\n")
    assert (one.reply().status, one.is_closed()) == (200, True)


def test_absolute_url_is_routed_by_its_path(wire: Connect) -> None:
    assert wire().ask("GET http://hospital/health/live").status == 200


def new_address() -> str:
    """Return the header of a new client address, so that no limit refuses it."""
    return f"X-Forwarded-For: 2001:db8:{next(NUMBERS):x}::1"


def trickle(one: Wire, data: bytes) -> None:
    """Send a byte every 0.05 s until the server replies."""
    for byte in data:
        if select([one.socket], [], [], 0.05)[0]:
            return
        one.send(bytes([byte]))


def test_slow_head_gets_408_and_closes_connection(slow_wire: Connect, strict: Hospital) -> None:
    one = slow_wire()
    trickle(one, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"y" * 1000)
    reply = one.reply()
    assert (reply.status, reply.headers["connection"], one.is_closed()) == (408, "close", True)
    assert orjson.loads(reply.body)["code"] == "request_timeout"


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_slow_body_gets_408_and_closes_connection(slow_wire: Connect, framing: str) -> None:
    one = slow_wire()
    one.send(f"POST /api/auth/refresh HTTP/1.1\r\nHost: x\r\n{new_address()}\r\n{framing}\r\n\r\n".encode())
    trickle(one, b"3e8\r\n" + b" " * 990)
    reply = one.reply()
    assert (reply.status, reply.headers["connection"], one.is_closed()) == (408, "close", True)
    assert orjson.loads(reply.body)["code"] == "request_timeout"


def test_random_bytes_affect_no_other_connection(wire: Connect, hospital: Hospital) -> None:
    noise = random.Random(4711)
    for _ in range(50):
        one = wire()
        one.send(noise.randbytes(3000))
        one.socket.shutdown(socket.SHUT_WR)
    assert hospital.call("GET", "/health/live").status_code == 200
    assert "Traceback" not in hospital.logs()


def test_reset_within_a_large_reply_affects_no_other_connection(wire: Connect, hospital: Hospital) -> None:
    for _ in range(20):
        one = wire()
        one.send(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        one.socket.recv(10)
        one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
    assert hospital.call("GET", "/health/live").status_code == 200
    assert "Traceback" not in hospital.logs()


@pytest.mark.usefixtures("_many_files")
def test_new_connection_is_served_when_its_network_is_at_the_bound(wire: Connect) -> None:
    first = wire()
    for _ in range(EACH):
        last = wire()
    assert first.is_closed()
    assert last.ask(LIVE).status == 200
    assert wire("127.0.0.2").ask(LIVE).status == 200


@pytest.mark.skipif(kernel_backlog() < EACH, reason="net.core.somaxconn is too small for the connections of this test")
@pytest.mark.usefixtures("_many_files")
def test_connections_over_the_bound_are_served_when_they_arrive_at_once(wire: Connect, hospital: Hospital) -> None:
    first = wire()
    gateway = hospital.processes["matron"]
    gateway.send(signal.SIGSTOP)
    for _ in range(EACH):
        last = wire()
    gateway.send(signal.SIGCONT)
    assert first.is_closed()
    assert last.ask(LIVE).status == 200


@pytest.mark.parametrize("start", ["GET /health/live HTTP/1.1\r\nHost: x\r\n", "POST /api/auth/refresh HTTP/1.1"])
@pytest.mark.usefixtures("_many_files")
def test_unfinished_requests_are_closed_like_idle_connections_at_the_bound(wire: Connect, start: str) -> None:
    rest = "\r\nHost: x\r\nContent-Length: 100\r\n\r\n{" if start.startswith("POST") else ""
    half = [wire() for _ in range(EACH)]
    for one in half:
        one.send((start + rest).encode())
    assert wire().ask(LIVE).status == 200
    assert half[0].is_closed()


def test_write_times_out_when_client_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "WRITE_SECONDS", 0.05)
    monkeypatch.setattr(protocol, "SLOWEST", 10**9)
    ours, theirs = (eventlet.greenio.GreenSocket(one) for one in socket.socketpair())
    with pytest.raises(TimeoutError):
        protocol.Outgoing(ours).write(b"x" * 10_000_000)
    ours.close()
    theirs.close()


def test_unknown_method_is_not_named_in_logs(wire: Connect, hospital: Hospital) -> None:
    assert wire().ask("MADEUP4711 /health/live").status == 405
    assert "MADEUP4711" not in hospital.logs()


def test_idle_connection_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "IDLE_SECONDS", 0.05)
    ours, theirs = (eventlet.greenio.GreenSocket(one) for one in socket.socketpair())
    incoming = protocol.Incoming(ours, 30.0, Connections(None))
    with pytest.raises(TimeoutError):
        incoming.readinto(bytearray(1))
    assert not incoming.has_started
    ours.close()
    theirs.close()


@pytest.fixture
def _many_files() -> Iterator[None]:
    """Raise the soft limit of open files, which is often 1,024 and too low for these tests."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_many_files")
def test_requests_are_answered_beside_many_idle_connections(wire: Connect, hospital: Hospital) -> None:
    idle = [wire() for _ in range(IDLE)]
    assert hospital.call("GET", "/health/live").status_code == 200
    assert idle[-1].ask(LIVE).status == 200


def test_gateway_raises_its_limit_of_open_files(hospital: Hospital) -> None:
    soft, hard = resource.prlimit(hospital.processes["matron"].pid, resource.RLIMIT_NOFILE)
    assert soft == hard


@pytest.mark.usefixtures("_many_files")
def test_requests_are_answered_beside_many_unfinished_requests(wire: Connect, hospital: Hospital) -> None:
    for _ in range(POOL_SIZE + 100):
        wire().send(b"POST /api/auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    began = time.monotonic()
    assert hospital.call("GET", "/health/live").status_code == 200
    assert time.monotonic() - began < 1.0


def test_closed_connection_before_the_reply_affects_no_other(wire: Connect, hospital: Hospital) -> None:
    for _ in range(20):
        one = wire()
        one.send(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n")
        one.close()
    assert hospital.call("GET", "/.well-known/jwks.json").status_code == 200
    assert "Traceback" not in hospital.logs()
