"""One connection: how a request is read from it, strictly and within a time, and how it ends.

Eventlet's server reads heads with the standard library's parser for mails, which takes much for a header that two
programs may read differently, so that one could smuggle a request past the other; and it waits for each byte anew, so
that who trickles is never done. Here a head is read line by line, by the grammar of RFC 9112 alone, and a request has
one deadline. What is left of eventlet's is how a reply is written.
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
"""So much of a body that nobody wanted is read, to keep its connection; with more left it is closed instead."""
WRITE_SECONDS = 30.0
SLOWEST = 16 * 1024
"""Bytes a second that a client must take of a reply, besides."""
LINGER_SECONDS = 2.0
LINGER_BYTES = 4 * 1024 * 1024
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([^\x00-\x20\x7f]+) HTTP/1\.([01])\r?\n")
HEADER = re.compile(rb"(" + TOKEN + rb"):([\t\x20-\x7e\x80-\xff]*)\r?\n")
LENGTH = re.compile(r"[0-9]{1,15}")
AUTHORITY = re.compile(r"https?://[^/?]*", re.IGNORECASE)


class Incoming(io.RawIOBase):
    """The bytes of a connection, each until the deadline: for the first one of a request, then for the whole of it."""

    def __init__(self, sock: Any, seconds: float, connections: Connections) -> None:
        self.sock, self.seconds, self.connections = sock, seconds, connections
        self.await_request()

    def await_request(self) -> None:
        """Whatever comes next begins a new request."""
        self.begun, self.since = False, monotonic()
        self.ends = self.since + IDLE_SECONDS

    def begin(self) -> None:
        """A request has begun."""
        self.begun, self.ends = True, monotonic() + self.seconds

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some bytes; none at the end. TimeoutError: not within the time."""
        left = self.ends - monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        waiting = self.connections.waiting
        waiting[self.sock] = self.since
        try:
            size: int = self.sock.recv_into(buffer)
        except EOFError:
            return 0  # Eventlet's word for a socket that was closed meanwhile.
        finally:
            waiting.pop(self.sock, None)
        if not self.begun:
            self.begin()
        return size


class Outgoing:
    """Writes what eventlet wants to write, in one piece, and not for ever."""

    closed = False

    def __init__(self, sock: Any) -> None:
        self.sock = sock

    def write(self, data: bytes) -> None:
        """Write all. TimeoutError: the client does not take it."""
        left, ends = memoryview(data), monotonic() + WRITE_SECONDS + len(data) / SLOWEST
        while left:
            self.sock.settimeout(max(0.001, ends - monotonic()))
            left = left[self.sock.send(left) :]

    def writelines(self, lines: list[bytes]) -> None:
        """Write all of these."""
        self.write(b"".join(lines))

    def flush(self) -> None:
        """Nothing is kept back."""

    close = flush


class Protocol(HttpOnlyProtocol):
    """Serves one connection."""

    def setup(self) -> None:
        """Make its two ends."""
        self.connection = self.request
        # A reply is written in one piece, so there is nothing to wait for.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.incoming = Incoming(self.connection, self.server.request_seconds, self.server.connections)
        self.rfile, self.wfile = io.BufferedReader(self.incoming), Outgoing(self.connection)
        self.body: Body | None = None

    def handle_one_request(self) -> None:
        """Read a request and answer it; `close_connection` says whether another may follow."""
        self.close_connection = True
        self.incoming.await_request()
        try:
            head = self._read_head()
        except MatronError as error:
            self._refuse(error)
            return
        except TimeoutError:
            if self.incoming.begun:
                self._refuse(REQUEST_TIMEOUT())
            return
        except OSError:
            return  # The client broke off.
        if head:
            if not self.incoming.begun:
                self.incoming.begin()  # It had come together with the one before.
            self._answer()

    def _read_head(self) -> bool:
        """Read it into `environ`; False when the client has closed the connection."""
        line = self._line()
        if line in (b"\r\n", b"\n"):
            line = self._line()  # RFC 9112, 2.2: some clients end a body with one too many.
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
        """The next line; longer than `MAX_LINE` when it is too long, and then not the whole."""
        return self.rfile.readline(MAX_LINE + 1)

    def _read_headers(self) -> dict[str, str] | None:
        """The headers by their WSGI names; None when the client broke off. Repeated ones are joined with commas."""
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
            _keep(found, *match.groups())
        raise HEAD_TOO_LARGE()

    def _environ(self, method: str, target: str, headers: dict[str, str]) -> dict[str, Any]:
        """What the application is told: as in WSGI, as far as ours needs it."""
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

    def _decide_connection(self, wished: str) -> None:
        """Whether another request may follow, and what eventlet is to know of it."""
        keep = wished == "keep-alive" if self.request_version == "HTTP/1.0" else "close" not in wished
        self.close_connection = not keep
        self.headers = {"Connection": wished}

    def _frame(self) -> None:
        """Find out how long the body is. BadRequest: `bad_length`, since a guess could be another one's guess."""
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
            self.close_connection = True  # The client broke off, or does not take its reply.
        finally:
            if self.body is not None and self.body.held:
                self.body.release()

    def about_to_answer(self, *, draining: bool) -> None:
        """The reply is known: end the connection behind it, when so much of the body is left that nobody wants it."""
        if draining or (self.body is not None and self.body.left() > MAX_DISCARD):
            self.close_connection = True

    def _refuse(self, error: MatronError) -> None:
        """Answer what cannot be read, and close."""
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
            pass  # The client broke off.

    def finish(self) -> None:
        """Close."""
        if self.body is not None and self.body.left():
            self._linger()
        self.rfile.close()
        self.connection.close()

    def _linger(self) -> None:
        """Read on for a moment: a connection that is closed with bytes unread is reset, and the reply lost with it."""
        try:
            self.connection.shutdown(socket.SHUT_WR)
            with eventlet.Timeout(LINGER_SECONDS, exception=False):
                for _ in range(LINGER_BYTES // 65536):
                    if not self.connection.recv(65536):
                        return
        except OSError:
            pass  # The client is gone.


def _keep(found: dict[str, str], raw_name: bytes, raw_value: bytes) -> None:
    name, value = raw_name.decode("latin-1").upper(), raw_value.strip(b" \t").decode("latin-1")
    if "_" in name:
        return  # It would be taken for the header of the same name with hyphens.
    name = name.replace("-", "_")
    key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
    found[key] = f"{found[key]},{value}" if key in found else value


class Server(wsgi.Server):
    """What eventlet's connections ask of their server."""

    request_seconds: float
    """Within which a request must have come."""
    budget: Budget
    connections: Connections
