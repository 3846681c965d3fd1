"""A receiver of webhooks in the process of a test."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from tests.servers.processes import wait_until


class Received(NamedTuple):
    """A webhook: its headers have names in lower case."""

    headers: dict[str, str]
    body: bytes


class Receiver:
    """Keeps each webhook, and answers with the next of `statuses`, or 200 when none is left."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.received = list(statuses), list[Received]()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count: int, seconds: float = 20) -> list[Received]:
        """Wait until so many webhooks came, and return all."""
        wait_until(lambda: len(self.received) >= count, seconds=seconds, what=f"the arrival of {count} webhooks")
        return list(self.received)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Connection(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(headers, body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  a name of http.server
                """Write no log of requests."""

        return Connection
