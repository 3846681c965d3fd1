"""The wire gathers writes, drops a peer that reads nothing, and joins partial reads."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import eventlet
import pytest

from tests.broker.proxy import Proxy
from tests.certificates import Certificate, issue
from tests.transports.clients import until
from transports import wire
from transports.links import connection_to
from transports.wire import GatheringTransport, SafeTransport


class Peer:
    """The other end of a connection, which reads only on request."""

    def __init__(self, certificate: Certificate | None) -> None:
        self.listener = eventlet.listen(("127.0.0.1", 0))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, port = self.listener.getsockname()
        self.transport: Any
        if certificate is None:
            self.transport = GatheringTransport(f"{host}:{port}", connect_timeout=2)
        else:
            self.transport = SafeTransport(f"{host}:{port}", connect_timeout=2, ssl={"ca_certs": certificate.path})
        accepting = eventlet.spawn(self._accept, certificate)
        self.transport.connect()
        self.socket: Any = accepting.wait()
        assert self.read(8) == b"AMQP\0\0\x09\x01"

    def _accept(self, certificate: Certificate | None) -> Any:
        sock, _address = self.listener.accept()
        return sock if certificate is None else certificate.shown_by(sock)

    def read(self, size: int) -> bytes:
        """Read `number` bytes."""
        data = b""
        while len(data) < size:
            data += self.socket.recv(size - len(data))
        return data

    def close(self) -> None:
        """Close both sides."""
        self.transport.drop()
        self.transport.close()
        self.socket.close()
        self.listener.close()


@pytest.fixture(params=["plain", "TLS"])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    """A connection."""
    peer = Peer(issue(tmp_path) if request.param == "TLS" else None)
    yield peer
    peer.close()


def test_writes_arrive_in_order(peer: Peer) -> None:
    parts = [b"%d," % number for number in range(1000)]
    for part in parts:
        peer.transport.write(part)
    assert peer.read(len(b"".join(parts))) == b"".join(parts)


def test_large_write_arrives_whole(peer: Peer) -> None:
    big = bytes(range(256)) * 8192
    peer.transport.write(big)
    eventlet.sleep(0.01)
    peer.transport.write(b"end")
    assert peer.read(len(big) + 3) == big + b"end"


def test_write_does_not_wait(peer: Peer) -> None:
    began = time.monotonic()
    peer.transport.write(b"x" * 8_000_000)
    assert time.monotonic() - began < 0.5


def test_peer_that_reads_nothing_is_dropped(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SEND_SECONDS", 0.1)
    peer.transport.write(b"x" * 12_000_000)
    until(lambda: peer.transport.dropped)
    with pytest.raises(ConnectionError):
        peer.transport.write(b"more")


def test_write_buffer_has_a_limit(peer: Peer) -> None:
    with pytest.raises(ConnectionError, match="accepts nothing"):
        peer.transport.write(b"x" * (wire.BUFFER_LIMIT + 1))


def test_read_from_a_dropped_connection_is_an_error(peer: Peer) -> None:
    reading = eventlet.spawn(peer.transport._read, 7)
    eventlet.sleep(0)
    peer.transport.drop()
    with pytest.raises(OSError, match="closed"):
        reading.wait()


def test_partial_reads_are_joined(peer: Peer) -> None:
    reading = eventlet.spawn(peer.transport._read, 7)
    for part in (b"ab", b"cde", b"fghij"):
        peer.socket.sendall(part)
        eventlet.sleep(0.005)
    assert reading.wait() == b"abcdefg"
    assert peer.transport._read(3) == b"hij"


def test_bytes_read_before_a_time_out_are_kept(peer: Peer) -> None:
    peer.socket.sendall(b"abc")
    with pytest.raises(eventlet.Timeout), eventlet.Timeout(0.05):
        peer.transport._read(7)
    peer.socket.sendall(b"defg")
    assert peer.transport._read(7) == b"abcdefg"


@pytest.fixture
def safe(amqp_url: str, tmp_path: Path) -> Iterator[Proxy]:
    """A proxy to the broker with TLS."""
    proxy = Proxy(amqp_url, issue(tmp_path))
    yield proxy
    proxy.close()


@pytest.mark.servers
def test_messages_go_both_ways_by_tls(safe: Proxy, tmp_path: Path) -> None:
    with connection_to(f"{safe.url}?ssl_ca_certs={tmp_path}/127.0.0.1.pem") as connection:
        channel = connection.channel()
        queue = channel.queue_declare(exclusive=True).queue
        for number in range(100):
            channel.basic_publish(channel.prepare_message(b"%d" % number), routing_key=queue)
        until(lambda: channel.queue_declare(queue, passive=True).message_count == 100)
        assert channel.basic_get(queue, no_ack=True).body in (b"0", "0")


@pytest.mark.servers
@pytest.mark.parametrize("issued", [None, "192.0.2.1"], ids=["no authority of ours", "another host"])
def test_broker_without_a_valid_certificate_gets_nothing(
    amqp_url: str, safe: Proxy, tmp_path: Path, issued: str | None
) -> None:
    other = Proxy(amqp_url, issue(tmp_path, issued)) if issued else safe
    query = f"?ssl_ca_certs={tmp_path}/{issued}.pem" if issued else ""
    with pytest.raises(ssl.SSLCertVerificationError):
        connection_to(other.url + query).connect()
    other.close()
