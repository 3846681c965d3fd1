"""Read requests from one connection, strictly and with a deadline.

Eventlet's server reads heads with the standard library's mail parser. It accepts headers that two programs read
differently, so a request could be smuggled past a proxy. It also restarts its timeout with each byte, so a slow client
never times out. This module accepts only the grammar of RFC 9112, and each request has one deadline. Eventlet still
writes the replies.
"""

import io
import re
import socket
from time import monotonic
from typing import Any

import eventlet
from eventlet import wsgi
from nameko.web.server import HttpOnlyProtocol
from uuid_utils import uuid7

from chassis.errors import MatronError
from gateway.problems import BAD_HEAD, BAD_LENGTH, HEAD_TOO_LARGE, LINE_TOO_LONG, REASONS, REQUEST_TIMEOUT, render
from gateway.server.bodies import TOKEN, Body, Budget
from gateway.server.connections import Connections
from gateway.server.requests import path_of
from telemetry.metrics import HTTP

IDLE_SECONDS = 30.0
MAX_LINE = 16 * 1024
MAX_HEAD = 64 * 1024
MAX_HEADERS = 100
MAX_DISCARD = 64 * 1024
"""The server reads at most this much of an unused body to keep the connection; otherwise it closes it."""
WRITE_SECONDS = 30.0
SLOWEST = 16 * 1024
"""The slowest accepted client, in bytes a second. `WRITE_SECONDS` are added to its time."""
SLOWEST_UPLOAD = 32 * 1024
"""The slowest accepted upload, in bytes a second, after the time that every request has: 20 MiB in 11 minutes."""
LINGER_SECONDS = 2.0
LINGER_BYTES = 4 * 1024 * 1024
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([^\x00-\x20\x7f]+) HTTP/1\.([01])\r?\n")
HEADER = re.compile(rb"(" + TOKEN + rb"):([\t\x20-\x7e\x80-\xff]*)\r?\n")
LENGTH = re.compile(r"[0-9]{1,15}")
AUTHORITY = re.compile(r"https?://[^/?]*", re.IGNORECASE)


class Incoming(io.RawIOBase):
    """The bytes of a connection, with a deadline: first for the first byte of a request, then for the whole request."""

    def __init__(self, sock: Any, seconds: float, connections: Connections) -> None:
        self.sock, self.seconds, self.connections = sock, seconds, connections
        self.await_request()

    def await_request(self) -> None:
        """Wait for the first byte of a new request."""
        self.has_started, self.since = False, monotonic()
        self.ends = self.since + IDLE_SECONDS

    def start_request(self) -> None:
        """Start the deadline of a request."""
        self.has_started, self.ends = True, monotonic() + self.seconds

    def grant(self, size: int) -> None:
        """Allow the rest of an upload more time, for the bytes that have arrived."""
        self.ends, self.since = self.ends + size / SLOWEST_UPLOAD, monotonic()

    def readable(self) -> bool:
        """Return True: the stream is readable."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes, and return their number; 0 at the end. TimeoutError: the deadline has passed."""
        left = self.ends - monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        waiting = self.connections.waiting
        waiting[self.sock] = self.since
        try:
            size: int = self.sock.recv_into(buffer)
        except EOFError:
            return 0  # Eventlet raises this for a socket that was closed during the call.
        finally:
            waiting.pop(self.sock, None)
        if not self.has_started:
            self.start_request()
        return size


class Outgoing:
    """Writes eventlet's replies, each in one piece and with a deadline."""

    closed = False

    def __init__(self, sock: Any) -> None:
        self.sock = sock

    def write(self, data: bytes) -> None:
        """Write all. TimeoutError: the client reads too slowly."""
        left, ends = memoryview(data), monotonic() + WRITE_SECONDS + len(data) / SLOWEST
        while left:
            self.sock.settimeout(max(0.001, ends - monotonic()))
            left = left[self.sock.send(left) :]

    def writelines(self, lines: list[bytes]) -> None:
        """Write all lines."""
        self.write(b"".join(lines))

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    close = flush


class Protocol(HttpOnlyProtocol):
    """Serves one connection."""

    def setup(self) -> None:
        """Create the reader and the writer."""
        self.connection = self.request
        # A reply is written in one piece, so waiting for more bytes would only delay it.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.incoming = Incoming(self.connection, self.server.request_seconds, self.server.connections)
        self.rfile, self.wfile = io.BufferedReader(self.incoming), Outgoing(self.connection)
        self.body: Body | None = None

    def handle_one_request(self) -> None:
        """Read a request and answer it. `close_connection` is False if another request may follow."""
        self.close_connection = True
        self.incoming.await_request()
        try:
            head = self._read_head()
        except MatronError as error:
            self._refuse(error)
            return
        except TimeoutError:
            if self.incoming.has_started:
                self._refuse(REQUEST_TIMEOUT())
            return
        except OSError:
            return  # The client closed the connection.
        if head:
            if not self.incoming.has_started:
                self.incoming.start_request()  # Its bytes arrived with the previous request.
            self._answer()

    def _read_head(self) -> bool:
        """Read the head into `environ`. False: the client has closed the connection."""
        line = self._line()
        if line in (b"\r\n", b"\n"):
            line = self._line()  # RFC 9112, 2.2: some clients send an extra line break after a body.
        if not line:
            return False
        if len(line) > MAX_LINE:
            raise LINE_TOO_LONG()
        match = REQUEST_LINE.fullmatch(line)
        if match is None:
            raise BAD_HEAD()
        method, target, minor = (part.decode("latin-1") for part in match.groups())
        self.command, self.request_version = method, f"HTTP/1.{minor}"
        headers = self._read_headers()
        if headers is None:
            return False
        self.environ = self._environ(method, target, headers)
        self._decide_connection(self.environ.get("HTTP_CONNECTION", "").lower())
        self._frame()
        return True

    def _line(self) -> bytes:
        """Read the next line, or the first `MAX_LINE + 1` bytes of a longer line."""
        return self.rfile.readline(MAX_LINE + 1)

    def _read_headers(self) -> dict[str, str] | None:
        """Read the headers by their WSGI names; commas join repeated ones. None: the client closed the connection."""
        found: dict[str, str] = {}
        left = MAX_HEAD
        for _ in range(MAX_HEADERS + 1):
            line = self._line()
            if line in (b"\r\n", b"\n"):
                return found
            if not line:
                return None
            left -= len(line)
            if left < 0 or len(line) > MAX_LINE:
                break
            match = HEADER.fullmatch(line)
            if match is None:
                raise BAD_HEAD()
            _add_header(found, *match.groups())
        raise HEAD_TOO_LARGE()

    def _environ(self, method: str, target: str, headers: dict[str, str]) -> dict[str, Any]:
        """Return the part of a WSGI environment that the gateway needs."""
        if not target.startswith("/"):
            target = AUTHORITY.sub("", target, count=1) or "/"
        path, _, query = target.partition("?")
        return {
            "REQUEST_METHOD": method,
            "PATH_INFO": path_of(path),
            "QUERY_STRING": query,
            "REMOTE_ADDR": self.client_address[0],
            "SERVER_PROTOCOL": self.request_version,
            "eventlet.posthooks": [],
            "gateway.connection": self,
            **headers,
        }

    def _decide_connection(self, header: str) -> None:
        """Decide by the `Connection` header whether another request may follow, and tell eventlet."""
        keep = header == "keep-alive" if self.request_version == "HTTP/1.0" else "close" not in header
        self.close_connection = not keep
        self.headers = {"Connection": header}

    def _frame(self) -> None:
        """Find the length of the body. BadRequest: `bad_length`, since a proxy could guess differently."""
        environ = self.environ
        length, coding = environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING")
        is_old = self.request_version == "HTTP/1.0"
        if coding is not None and (length is not None or coding.lower() != "chunked" or is_old):
            raise BAD_LENGTH("A body is either chunked, or has a Content-Length.")
        if length is not None and not LENGTH.fullmatch(length):
            raise BAD_LENGTH()
        host = environ.get("HTTP_HOST", "" if is_old else None)
        if host is None or "," in host:
            raise BAD_HEAD()
        waits = environ.get("HTTP_EXPECT", "").lower() == "100-continue" and not is_old
        self.body = environ["wsgi.input"] = environ["eventlet.input"] = Body(
            self.rfile,
            None if coding else length or "0",
            self.connection,
            wfile=self.wfile if waits else None,
            wfile_line=b"HTTP/1.1 100 Continue\r\n",
            chunked_input=coding is not None,
        )
        self.body.budget = self.server.budget

    def _answer(self) -> None:
        self.application = self.server.app
        try:
            self.handle_one_response()
        except OSError:
            self.close_connection = True  # The client closed the connection, or reads too slowly.
        finally:
            if self.body is not None and self.body.reserved:
                self.body.release()

    def about_to_answer(self, *, draining: bool) -> None:
        """Decide, before the reply is written, to close the connection after it if too much of the body is unread."""
        if draining or (self.body is not None and self.body.left() > MAX_DISCARD):
            self.close_connection = True

    def _refuse(self, error: MatronError) -> None:
        """Answer a request that cannot be read, and close the connection."""
        HTTP.labels("other", "unknown", error.status).inc()
        body, headers = render(error, str(uuid7()))
        lines = [
            f"{name}: {value}" for name, value in [*headers, ("Content-Length", len(body)), ("Connection", "close")]
        ]
        head = "\r\n".join([f"HTTP/1.1 {REASONS[error.status]}", *lines])
        self.close_connection = True
        try:
            self.wfile.write(head.encode("latin-1") + b"\r\n\r\n" + body)
            self._linger()
        except OSError:
            pass  # The client closed the connection.

    def finish(self) -> None:
        """Close the connection."""
        if self.body is not None and self.body.left():
            self._linger()
        self.rfile.close()
        self.connection.close()

    def _linger(self) -> None:
        """Read for a moment more: closing a connection with unread bytes resets it, which loses the reply."""
        try:
            self.connection.shutdown(socket.SHUT_WR)
            with eventlet.Timeout(LINGER_SECONDS, exception=False):
                for _ in range(LINGER_BYTES // 65536):
                    if not self.connection.recv(65536):
                        return
        except OSError:
            pass  # The client has closed the connection.


def _add_header(found: dict[str, str], raw_name: bytes, raw_value: bytes) -> None:
    name, value = raw_name.decode("latin-1").upper(), raw_value.strip(b" \t").decode("latin-1")
    if "_" in name:
        return  # In WSGI it has the same name as the header with hyphens.
    name = name.replace("-", "_")
    key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
    found[key] = f"{found[key]},{value}" if key in found else value


class Server(wsgi.Server):
    """Eventlet's server, with what `Protocol` needs."""

    request_seconds: float
    """Seconds within which a request must arrive."""
    budget: Budget
    connections: Connections
