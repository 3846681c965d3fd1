"""The wire gathers what is sent, gives up a peer that takes nothing, and puts together what comes in parts."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import eventlet
import pytest

from tests.transports.clients import until
from transports import wire
from transports.wire import GatheringTransport


class Peer:
    """The other end of a connection, which reads only what a test asks for."""

    def __init__(self) -> None:
        self.listener = eventlet.listen(("127.0.0.1", 0))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, port = self.listener.getsockname()
        self.transport = GatheringTransport(f"{host}:{port}", connect_timeout=2)
        accepting = eventlet.spawn(self.listener.accept)
        self.transport.connect()
        self.socket: Any = accepting.wait()[0]
        assert self.read(8) == b"AMQP\0\0\x09\x01"

    def read(self, size: int) -> bytes:
        """So many bytes."""
        data = b""
        while len(data) < size:
            data += self.socket.recv(size - len(data))
        return data

    def close(self) -> None:
        """End both sides."""
        self.transport.drop()
        self.transport.close()
        self.socket.close()
        self.listener.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A connection."""
    peer = Peer()
    yield peer
    peer.close()


def test_what_is_written_arrives_in_order(peer: Peer) -> None:
    parts = [b"%d," % number for number in range(1000)]
    for part in parts:
        peer.transport.write(part)
    assert peer.read(len(b"".join(parts))) == b"".join(parts)


def test_more_than_the_socket_takes_at_once_arrives_whole(peer: Peer) -> None:
    big = bytes(range(256)) * 8192
    peer.transport.write(big)
    eventlet.sleep(0.01)
    peer.transport.write(b"end")
    assert peer.read(len(big) + 3) == big + b"end"


def test_a_write_does_not_wait(peer: Peer) -> None:
    began = time.monotonic()
    peer.transport.write(b"x" * 8_000_000)
    assert time.monotonic() - began < 0.5


def test_a_peer_that_takes_nothing_is_dropped(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SEND_SECONDS", 0.1)
    peer.transport.write(b"x" * 12_000_000)
    until(lambda: peer.transport.dropped)
    with pytest.raises(ConnectionError):
        peer.transport.write(b"more")


def test_what_waits_has_a_limit(peer: Peer) -> None:
    with pytest.raises(ConnectionError, match="takes nothing"):
        peer.transport.write(b"x" * (wire.BUFFER_LIMIT + 1))


def test_whoever_reads_from_a_dropped_connection_gets_an_error(peer: Peer) -> None:
    reading = eventlet.spawn(peer.transport._read, 7)
    eventlet.sleep(0)
    peer.transport.drop()
    with pytest.raises(OSError, match="closed"):
        reading.wait()


def test_what_comes_in_parts_is_put_together(peer: Peer) -> None:
    reading = eventlet.spawn(peer.transport._read, 7)
    for part in (b"ab", b"cde", b"fghij"):
        peer.socket.sendall(part)
        eventlet.sleep(0.005)
    assert reading.wait() == b"abcdefg"
    assert peer.transport._read(3) == b"hij"


def test_what_was_read_before_a_time_out_is_not_lost(peer: Peer) -> None:
    peer.socket.sendall(b"abc")
    with pytest.raises(eventlet.Timeout), eventlet.Timeout(0.05):
        peer.transport._read(7)
    peer.socket.sendall(b"defg")
    assert peer.transport._read(7) == b"abcdefg"
