"""Bound the number of connections, in all and of each network.

At a bound, the server closes the connection that has waited longest for its client: a connection of the same network,
or of the network with the most connections if the total is reached. So one network cannot take all connections.
"""

import contextlib
import socket
from typing import Protocol

from gateway.server.addresses import network

MAX_CONNECTIONS = 4096
"""More connections would need more memory than a gateway should have."""


class Socket(Protocol):
    """The part of eventlet's socket that this module uses."""

    def shutdown(self, how: int, /) -> object:
        """End the connection in one direction or both."""


class Connections:
    """The connections of one gateway. `each` bounds those of one network; it is None behind a proxy."""

    def __init__(self, each: int | None) -> None:
        self.each = each
        self.counts: dict[str, int] = {}
        self.total = 0
        self.networks: dict[Socket, str] = {}
        self.waiting: dict[Socket, float] = {}
        """The sockets that wait for their client, and since when (monotonic seconds)."""

    def enter(self, address: str, sock: Socket) -> bool:
        """Count a new connection. False: a bound is reached, and no connection waits that could be closed."""
        origin = network(address)
        count = self.counts.get(origin, 0)
        if self.each is not None and count >= self.each:
            if not self._close_longest_waiting(origin):
                return False
        elif self.total >= MAX_CONNECTIONS and not self._close_longest_waiting(self._largest()):
            return False
        self.counts[origin], self.networks[sock] = count + 1, origin
        self.total += 1
        return True

    def leave(self, sock: Socket) -> None:
        """Count the end of a connection."""
        origin = self.networks.pop(sock)
        self.counts[origin] -= 1
        if not self.counts[origin]:
            del self.counts[origin]
        self.total -= 1
        self.waiting.pop(sock, None)

    def _largest(self) -> str:
        """Return the network with the most connections."""
        return max(self.counts, key=self.counts.__getitem__)

    def _close_longest_waiting(self, origin: str) -> bool:
        """Shut down the longest-waiting connection of a network; its green thread then ends. False: none waits."""
        candidates = [sock for sock in self.waiting if self.networks[sock] == origin]
        if not candidates:
            return False
        sock = min(candidates, key=self.waiting.__getitem__)
        del self.waiting[sock]
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        return True
