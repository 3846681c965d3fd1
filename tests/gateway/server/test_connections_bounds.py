"""Connections are bounded in all and per network, and the longest-waiting is closed."""

import socket
from collections.abc import Callable, Iterator

import pytest

from gateway.server.connections import MAX_CONNECTIONS, Connections
from gateway.server.http import HttpServer

Pairs = Callable[[], tuple[socket.socket, socket.socket]]


@pytest.fixture
def pairs() -> Iterator[Callable[[], tuple[socket.socket, socket.socket]]]:
    """Return `pairs()`: it makes the two ends of a connection."""
    made: list[socket.socket] = []

    def pair() -> tuple[socket.socket, socket.socket]:
        made.extend(ends := socket.socketpair())
        ends[1].settimeout(5)
        return ends

    yield pair
    for one in made:
        one.close()


def full(sock: socket.socket) -> Connections:
    """Return connections at the total bound, of which one waits."""
    connections = Connections(None)
    connections.enter("192.0.2.1", sock)
    connections.total = MAX_CONNECTIONS
    connections.waiting[sock] = 2.0
    return connections


def test_largest_network_loses_its_longest_waiting_connection_at_the_total_bound(pairs: Pairs) -> None:
    (longer, _), (ours, theirs), (later, _) = pairs(), pairs(), pairs()
    connections = full(ours)
    for address, sock, since in (("192.0.2.2", longer, 1.0), ("192.0.2.1", later, 3.0)):
        connections.total -= 1
        connections.enter(address, sock)
        connections.waiting[sock] = since
    assert connections.enter("192.0.2.3", object())
    assert (theirs.recv(1), list(connections.waiting)) == (b"", [longer, later])


def test_new_connection_is_refused_when_no_connection_waits(pairs: Pairs) -> None:
    server, (ours, theirs) = HttpServer(), pairs()
    server.connections = full(ours)
    server.connections.waiting.clear()
    server._sock = type("Listener", (), {"accept": lambda _self: (server.stop(), (ours, ("127.0.0.1", 1)))[1]})()
    server._sock.close = lambda: None
    server.run()
    assert (theirs.recv(1), server.connections.total) == (b"", MAX_CONNECTIONS)


def entered(connections: Connections, *addresses: str) -> list[bool]:
    return [connections.enter(address, object()) for address in addresses]


def test_network_has_a_bound_of_its_own() -> None:
    connections, sock = Connections(2), object()
    connections.enter("192.0.2.1", sock)
    assert entered(connections, "192.0.2.1", "192.0.2.1", "192.0.2.2") == [True, False, True]
    connections.leave(sock)
    assert entered(connections, "192.0.2.1") == [True]
    assert connections.total == 3


def test_network_at_its_bound_loses_its_longest_waiting_connection(pairs: Pairs) -> None:
    connections, (others, _), (ours, theirs), (later, _) = Connections(2), pairs(), pairs(), pairs()
    for address, sock, since in (("192.0.2.2", others, 1.0), ("192.0.2.1", later, 3.0), ("192.0.2.1", ours, 2.0)):
        connections.enter(address, sock)
        connections.waiting[sock] = since
    assert entered(connections, "192.0.2.1") == [True]
    assert (theirs.recv(1), list(connections.waiting)) == (b"", [others, later])


def test_ipv6_addresses_of_one_network_are_counted_together() -> None:
    assert entered(Connections(1), "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1") == [True, False, True]


def test_network_has_no_bound_behind_a_proxy() -> None:
    assert all(entered(Connections(None), *["192.0.2.1"] * MAX_CONNECTIONS))
