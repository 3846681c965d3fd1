"""How many connections there are, in all and from each address, and which of them has to go when there are too many.

One address cannot take all places. When those of an address are taken, its connection that has waited longest for its
client, for a request or for the rest of one, makes place; when all are taken, one of the address that has the most.
"""

import contextlib
import socket
from typing import Any

from gateway.server.addresses import network

MAX_CONNECTIONS = 4096
"""More would need more memory than a gateway should have."""


class Connections:
    """The connections of one gateway; `each` is how many one address may have, None when that is a proxy's."""

    def __init__(self, each: int | None) -> None:
        self.each = each
        self.counts: dict[str, int] = {}
        self.total = 0
        self.whose: dict[Any, str] = {}
        self.waiting: dict[Any, float] = {}
        """The sockets that wait for a request, or for the rest of one, and since when (monotonic seconds)."""

    def enter(self, address: str, sock: Any) -> bool:
        """Count one more; False when there is no place for it, and none idle that could make place."""
        who = network(address)
        count = self.counts.get(who, 0)
        if self.each is not None and count >= self.each:
            if not self._free_one(who):
                return False
        elif self.total >= MAX_CONNECTIONS and not self._free_one(max(self.counts, key=self.counts.__getitem__)):
            return False
        self.counts[who], self.whose[sock] = count + 1, who
        self.total += 1
        return True

    def leave(self, sock: Any) -> None:
        """One has ended."""
        who = self.whose.pop(sock)
        self.counts[who] -= 1
        if not self.counts[who]:
            del self.counts[who]
        self.total -= 1
        self.waiting.pop(sock, None)

    def _free_one(self, who: str) -> bool:
        """Break off this one's that has waited longest; whoever serves it finds its end. False: none of them waits."""
        theirs = [sock for sock in self.waiting if self.whose[sock] == who]
        if not theirs:
            return False
        sock = min(theirs, key=self.waiting.__getitem__)
        del self.waiting[sock]
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        return True
