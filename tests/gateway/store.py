"""The part of a Redis server that the limits use: a script that counts, a count, and its time to live."""

import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Client(socketserver.StreamRequestHandler):
    """A connection with the protocol RESP2."""

    def handle(self) -> None:
        """Answer each command."""
        while first := self.rfile.readline():
            words = [self._word() for _ in range(int(first[1:]))]
            self.wfile.write(self._answer(words))

    def _word(self) -> bytes:
        size = int(self.rfile.readline()[1:])
        return self.rfile.read(size + 2)[:-2]

    def _answer(self, words: list[bytes]) -> bytes:
        counts: Counter[bytes] = self.server.counts  # type: ignore[attr-defined]
        match words[0].upper(), words[1:]:
            case b"EVALSHA", [_script, _number, key, _expiry, amount]:
                counts[key] += int(amount)
                return b":%d\r\n" % counts[key]
            case b"GET", [key]:
                value = b"%d" % counts[key]
                return b"$%d\r\n%s\r\n" % (len(value), value)
            case b"TTL", _:
                return b":42\r\n"
            case _:
                return b"-ERR unknown command\r\n"


@contextmanager
def redis_like() -> Iterator[tuple[str, Any]]:
    """Start a server, and yield its URL and its counts."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Client) as server:
        server.daemon_threads, server.block_on_close = True, False
        server.counts = Counter()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}?protocol=2", server.counts  # type: ignore[attr-defined]
        server.shutdown()
