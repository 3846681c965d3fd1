"""What connections do: they are kept, broken off, left idle, and none of them harms another."""

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

PLACES = count(1)

Connect = Callable[..., Wire]


def kept_by_kernel() -> int:
    """How many connections the kernel keeps at most for a process that does not take them yet."""
    told = Path("/proc/sys/net/core/somaxconn")
    return int(told.read_text()) if told.exists() else socket.SOMAXCONN


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


def test_a_garbage_request_line_is_400_and_ends_the_connection(wire: Connect) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"HELLO WORLD AND ALL OF YOU\r\n\r\n"):
        one = wire()
        one.send(garbage)
        assert b"400" in one.socket.recv(65536)
        assert one.is_closed()


def test_a_body_that_nobody_wants_is_not_read_to_the_end(wire: Connect) -> None:
    one = wire()
    reply = one.ask(LOGIN, f"Content-Length: {10**12}", body=b"x" * 1000)
    assert (reply.status, reply.headers["connection"], one.is_closed()) == (413, "close", True)


def test_a_client_that_asks_first_is_told_to_go_on(wire: Connect) -> None:
    one = wire()
    headers = ("Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue")
    assert one.ask(LOGIN, *headers).status == 100
    one.send(b"{}")
    assert one.reply().status == 422


def test_a_client_that_asks_first_is_told_when_its_body_is_too_large(wire: Connect) -> None:
    one = wire()
    reply = one.ask(LOGIN, f"Content-Length: {10**9}", "Expect: 100-continue")
    assert (reply.status, one.is_closed()) == (413, True)


def test_an_old_client_gets_its_answer_and_the_end(wire: Connect) -> None:
    one = wire()
    one.send(b"GET /health/live HTTP/1.0\r\n\r\n")
    assert (one.reply().status, one.is_closed()) == (200, True)


def test_a_whole_url_is_taken_for_its_path(wire: Connect) -> None:
    assert wire().ask("GET http://hospital/health/live").status == 200


def somewhere() -> str:
    """The header of a client whose address nobody else has, so that no limit refuses it."""
    return f"X-Forwarded-For: 2001:db8:{next(PLACES):x}::1"


def trickle(one: Wire, data: bytes) -> None:
    """Send a byte every 0.05 s until the other side has had enough."""
    for byte in data:
        if select([one.socket], [], [], 0.05)[0]:
            return
        one.send(bytes([byte]))


def test_a_head_that_trickles_is_408_and_ends_the_connection(slow_wire: Connect, strict: Hospital) -> None:
    one = slow_wire()
    trickle(one, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"y" * 1000)
    reply = one.reply()
    assert (reply.status, reply.headers["connection"], one.is_closed()) == (408, "close", True)
    assert orjson.loads(reply.body)["code"] == "request_timeout"


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_body_that_trickles_is_408_and_ends_the_connection(slow_wire: Connect, framing: str) -> None:
    one = slow_wire()
    one.send(f"POST /api/auth/refresh HTTP/1.1\r\nHost: x\r\n{somewhere()}\r\n{framing}\r\n\r\n".encode())
    trickle(one, b"3e8\r\n" + b" " * 990)
    reply = one.reply()
    assert (reply.status, reply.headers["connection"], one.is_closed()) == (408, "close", True)
    assert orjson.loads(reply.body)["code"] == "request_timeout"


def test_garbage_harms_nobody(wire: Connect, hospital: Hospital) -> None:
    noise = random.Random(4711)
    for _ in range(50):
        one = wire()
        one.send(noise.randbytes(3000))
        one.socket.shutdown(socket.SHUT_WR)
    assert hospital.call("GET", "/health/live").status_code == 200
    assert "Traceback" not in hospital.logs()


def test_a_client_that_breaks_off_within_a_large_reply_harms_nobody(wire: Connect, hospital: Hospital) -> None:
    for _ in range(20):
        one = wire()
        one.send(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        one.socket.recv(10)
        one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
    assert hospital.call("GET", "/health/live").status_code == 200
    assert "Traceback" not in hospital.logs()


@pytest.mark.usefixtures("_many_files")
def test_who_takes_all_of_an_addresss_places_harms_neither_others_nor_its_own_next_request(wire: Connect) -> None:
    first = wire()
    for _ in range(EACH):
        last = wire()
    assert first.is_closed()
    assert last.ask(LIVE).status == 200
    assert wire("127.0.0.2").ask(LIVE).status == 200


@pytest.mark.skipif(kept_by_kernel() < EACH, reason="net.core.somaxconn is too small for as many as come at once here")
@pytest.mark.usefixtures("_many_files")
def test_a_connection_finds_its_place_even_when_more_than_an_address_may_have_come_at_once(
    wire: Connect, hospital: Hospital
) -> None:
    first = wire()
    gateway = hospital.processes["matron"]
    gateway.send(signal.SIGSTOP)
    for _ in range(EACH):
        last = wire()
    gateway.send(signal.SIGCONT)
    assert first.is_closed()
    assert last.ask(LIVE).status == 200


@pytest.mark.parametrize("begun", ["GET /health/live HTTP/1.1\r\nHost: x\r\n", "POST /api/auth/refresh HTTP/1.1"])
@pytest.mark.usefixtures("_many_files")
def test_who_begins_requests_and_never_ends_them_takes_no_more_places_than_who_is_idle(
    wire: Connect, begun: str
) -> None:
    rest = "\r\nHost: x\r\nContent-Length: 100\r\n\r\n{" if begun.startswith("POST") else ""
    half = [wire() for _ in range(EACH)]
    for one in half:
        one.send((begun + rest).encode())
    assert wire().ask(LIVE).status == 200
    assert half[0].is_closed()


def test_a_client_that_does_not_take_its_reply_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "WRITE_SECONDS", 0.05)
    monkeypatch.setattr(protocol, "SLOWEST", 10**9)
    ours, theirs = (eventlet.greenio.GreenSocket(one) for one in socket.socketpair())
    with pytest.raises(TimeoutError):
        protocol.Outgoing(ours).write(b"x" * 10_000_000)
    ours.close()
    theirs.close()


def test_a_made_up_method_is_not_kept_in_the_metrics(wire: Connect, hospital: Hospital) -> None:
    assert wire().ask("MADEUP4711 /health/live").status == 405
    assert "MADEUP4711" not in hospital.logs()


def test_an_idle_connection_is_closed_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "IDLE_SECONDS", 0.05)
    ours, theirs = (eventlet.greenio.GreenSocket(one) for one in socket.socketpair())
    incoming = protocol.Incoming(ours, 30.0, Connections(None))
    with pytest.raises(TimeoutError):
        incoming.readinto(bytearray(1))
    assert not incoming.begun
    ours.close()
    theirs.close()


@pytest.fixture
def _many_files() -> Iterator[None]:
    """The soft limit of open files is often 1,024, which this process needs for itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_many_files")
def test_idle_connections_do_not_stop_others(wire: Connect, hospital: Hospital) -> None:
    idle = [wire() for _ in range(IDLE)]
    assert hospital.call("GET", "/health/live").status_code == 200
    assert idle[-1].ask(LIVE).status == 200


def test_a_gateway_has_as_many_files_open_as_it_may(hospital: Hospital) -> None:
    soft, hard = resource.prlimit(hospital.processes["matron"].pid, resource.RLIMIT_NOFILE)
    assert soft == hard


@pytest.mark.usefixtures("_many_files")
def test_half_a_request_does_not_stop_others(wire: Connect, hospital: Hospital) -> None:
    for _ in range(POOL_SIZE + 100):
        wire().send(b"POST /api/auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    began = time.monotonic()
    assert hospital.call("GET", "/health/live").status_code == 200
    assert time.monotonic() - began < 1.0


def test_a_client_that_goes_before_its_answer_harms_nobody(wire: Connect, hospital: Hospital) -> None:
    for _ in range(20):
        one = wire()
        one.send(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n")
        one.close()
    assert hospital.call("GET", "/.well-known/jwks.json").status_code == 200
    assert "Traceback" not in hospital.logs()
