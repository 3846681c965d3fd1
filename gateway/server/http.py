"""The HTTP server: nameko's, hardened against broken clients, and finishing running requests when it stops."""

import re
import resource
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

import eventlet
from eventlet import wsgi
from nameko.web.server import WebServer

from chassis.errors import MatronError
from chassis.refusals import INTERNAL
from gateway import settings
from gateway.problems import METHOD_NOT_ALLOWED, NO_SUCH_ROUTE, REASONS, render
from gateway.server import replies
from gateway.server.addresses import caller, family_of
from gateway.server.bodies import Budget
from gateway.server.connections import MAX_CONNECTIONS, Connections
from gateway.server.cors import Cors
from gateway.server.limits import Limits
from gateway.server.protocol import Protocol, Server
from gateway.server.replies import Replies
from gateway.server.requests import Request, id_of
from telemetry.health import Health
from telemetry.logs import log, log_unexpected
from telemetry.metrics import HTTP, HTTP_SECONDS

BACKLOG = MAX_CONNECTIONS
DRAIN_SECONDS = 7.0
LEAVE_SECONDS = 0.2
"""Pause between reporting not ready and refusing connections, so that a load balancer notices."""
PART = re.compile(r"{\w+}")
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
"""Metrics count all other methods as `other`: clients can invent any number, and each would stay in the metrics."""

Answer = replies.Answer
Handler = Callable[[Request], Answer]


class Table:
    """All routes: a dict finds fixed paths, and a pattern each finds paths with parts in braces.

    Only patterns with as many parts as the path are tried, those with the longest fixed text first. So
    `/invoices/{id}.pdf` comes before `/invoices/{id}`.
    """

    def __init__(self) -> None:
        self.fixed: dict[str, dict[str, Handler]] = {}
        self.patterns: dict[int, list[tuple[re.Pattern[str], str, dict[str, Handler]]]] = {}

    def add(self, method: str, url: str, handler: Handler) -> None:
        """Add a route."""
        if "{" not in url:
            self.fixed.setdefault(url, {})[method] = handler
            return
        patterns = self.patterns.setdefault(url.count("/"), [])
        for _pattern, known, handlers in patterns:
            if known == url:
                handlers[method] = handler
                return
        patterns.append((_pattern_of(url), url, {method: handler}))
        patterns.sort(key=lambda pattern: -len(PART.sub("", pattern[1])))

    def find(self, method: str, path: str) -> tuple[Handler, str, dict[str, str]]:
        """Return the handler, the route's URL and the values in the path. NotFound or MethodNotAllowed."""
        url, values, handlers = self._at(path)
        handler = handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            raise METHOD_NOT_ALLOWED(allow=_allowed(handlers))
        return handler, url, values

    def methods(self, path: str) -> tuple[str, str]:
        """Return the route's URL, and its methods as in `Allow`. NotFound."""
        url, _values, handlers = self._at(path)
        return url, _allowed(handlers)

    def _at(self, path: str) -> tuple[str, dict[str, str], dict[str, Handler]]:
        handlers = self.fixed.get(path)
        return self._matched(path) if handlers is None else (path, {}, handlers)

    def _matched(self, path: str) -> tuple[str, dict[str, str], dict[str, Handler]]:
        for pattern, url, handlers in self.patterns.get(path.count("/"), ()):
            match = pattern.fullmatch(path)
            if match:
                return url, match.groupdict(), handlers
        raise NO_SUCH_ROUTE()


def _pattern_of(url: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(url)))


def _allowed(handlers: Iterable[str]) -> str:
    return ", ".join(sorted({*handlers, "OPTIONS", *(["HEAD"] if "GET" in handlers else [])}))


class _Body(list[bytes]):
    """The body of a reply. Eventlet calls `close` when it has written the body."""

    def __init__(self, body: bytes, written: Callable[[], None]) -> None:
        super().__init__([body])
        self.close = written


class _Streamed:
    """The body of a reply that is read while it is sent, with the same `close`."""

    def __init__(self, stream: replies.Stream, written: Callable[[], None]) -> None:
        self.stream, self.written = stream, written

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.stream)

    def close(self) -> None:
        self.stream.close()
        self.written()


class HttpServer(WebServer):
    """Serves the routes of one gateway."""

    def __init__(self) -> None:
        super().__init__()
        self._starting = self.listens = False
        self.table = Table()
        self.active = 0
        self.draining = False

    @property
    def health(self) -> Health:
        """The health of the process."""
        health: Health = self.container.config["health"]
        return health

    def setup(self) -> None:
        """Read the settings. ConfigError: a setting is malformed."""
        if not hasattr(self, "limits"):
            self.settings = settings.load()
            self.limits = Limits(self.settings)
            self.connections = Connections(None if self.settings.trusted_proxies else self.settings.connections_each)
            https = self.container.config["matron"].public_url.startswith("https:")
            self.replies = Replies(https=https, cors=Cors(self.settings.cors_origins))
            self.health.add("gateway.server.http", lambda: self.listens)

    def start(self) -> None:
        """Listen."""
        if not self._starting:
            self._starting = True
            _allow_connections()
            # A worker for each connection, since a worker is busy while it waits for a slow client's body.
            self.container._worker_pool.resize(MAX_CONNECTIONS)  # noqa: SLF001  nameko has no other way
            config = self.container.config["matron"]
            self._sock = eventlet.listen(
                (config.http_host, config.http_port), family_of(config.http_host), backlog=BACKLOG, reuse_port=False
            )
            self._sock.settimeout(None)
            self._serv = self.get_wsgi_server(self._sock, self.app)
            self._gt = eventlet.spawn(self.run)
            self.listens = True

    def get_wsgi_server(self, sock: Any, wsgi_app: Any, protocol: Any = Protocol, debug: bool = False) -> Any:  # noqa: FBT001, FBT002  nameko's signature
        """Return eventlet's server, without its log, with the gateway's protocol and connections."""
        server = Server(sock, sock.getsockname(), wsgi_app, protocol=protocol, debug=debug, log_output=False)
        server.minimum_chunk_size = 0
        server.request_seconds = self.settings.request_seconds
        server.budget, server.connections = Budget(), self.connections
        server.capitalize_response_headers = False  # They are capitalized, and eventlet is slow.
        return server

    def run(self) -> None:
        """Accept connections until the server stops. An error of one connection affects no other."""
        while self._is_accepting:
            try:
                sock, address = self._sock.accept()
            except OSError:
                eventlet.sleep(0.05)  # No file descriptor is free: wait until a connection ends.
                continue
            if self.connections.enter(address[0], sock):
                eventlet.spawn_n(self._serve, sock, address)
            else:
                sock.close()
            eventlet.sleep(0)  # Serve the existing connections, however many new ones wait.

    def _serve(self, sock: Any, address: Any) -> None:
        try:
            self._serv.process_request([address, sock, wsgi.STATE_IDLE])
        except (OSError, eventlet.Timeout):
            pass  # The client closed the connection.
        except Exception as error:  # noqa: BLE001  the error of one connection
            log_unexpected("connection failed", error)
        finally:
            self.connections.leave(sock)
            sock.close()

    def app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> "_Body | _Streamed":
        """The WSGI application."""
        self.active += 1
        began, request = perf_counter(), Request(environ, id_of(environ), self._caller(environ))
        url, answer = self._answer(request)
        status, headers, body = self.replies.finish(request, url, answer)
        self._end_connection(environ.get("gateway.connection"))
        start_response(REASONS[status], headers)
        method = request.method if request.method in METHODS else "other"
        HTTP.labels(method, url, status).inc()
        seconds = perf_counter() - began
        HTTP_SECONDS.labels(method, url).observe(seconds)
        log.info("http", method=method, route=url, status=status, ms=round(seconds * 1000, 1), request_id=request.id)
        return self._body(b"" if request.method == "HEAD" else body, answer[2])

    def _body(self, body: bytes | replies.Stream, answered: bytes | replies.Stream) -> "_Body | _Streamed":
        """Return the body to send. A file that the route opened and that is not sent, as for HEAD, is closed."""
        if isinstance(body, replies.Stream):
            return _Streamed(body, self._written)
        if isinstance(answered, replies.Stream):
            answered.close()
        return _Body(body, self._written)

    def _end_connection(self, connection: Any) -> None:
        """Allow no further request if the server stops, or if too much of this request's body is unread."""
        if connection is not None:
            connection.about_to_answer(draining=self.draining)

    def _caller(self, environ: dict[str, Any]) -> str:
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
        return caller(environ.get("REMOTE_ADDR", ""), forwarded, self.settings.trusted_proxies)

    def _answer(self, request: Request) -> tuple[str, Answer]:
        url = "unknown"
        try:
            if request.method == "OPTIONS":
                return self._options(request)
            handler, url, request.path_values = self._find(request)
            return url, handler(request)
        except MatronError as error:
            return url, _problem(error, request)
        except Exception as error:  # noqa: BLE001  the last border: an unexpected error becomes a 500
            log_unexpected("request failed", error, request_id=request.id)
            return url, _problem(INTERNAL(), request)

    def _options(self, request: Request) -> tuple[str, Answer]:
        """Answer OPTIONS with the methods of a URL, and a browser's preflight request."""
        self.limits.count_address(request.address)
        url, methods = self.table.methods(request.environ["PATH_INFO"])
        headers = [("Allow", methods)]
        if request.header("ACCESS_CONTROL_REQUEST_METHOD"):
            headers += self.replies.cors.of_preflight(request.header("ORIGIN"), methods)
        return url, (204, headers, b"")

    def _find(self, request: Request) -> tuple[Handler, str, dict[str, str]]:
        """Return the handler of a request. A request for a missing route counts as well."""
        try:
            return self.table.find(request.method, request.environ["PATH_INFO"])
        except MatronError:
            self.limits.count_address(request.address)
            raise

    def _written(self) -> None:
        self.active -= 1

    def drain(self) -> None:
        """Refuse new connections, and return when the running requests are answered."""
        if not self.draining:
            self.draining = True
            eventlet.sleep(LEAVE_SECONDS)
            self._is_accepting = False
            self._sock.close()
        with eventlet.Timeout(DRAIN_SECONDS, exception=False):
            while self.active:
                eventlet.sleep(0.01)

    def stop(self) -> None:
        """Stop the server."""
        self._is_accepting = False
        if self._gt is not None:
            self._gt.kill()
            self._sock.close()


def _allow_connections() -> None:
    """Raise the soft limit of open files, which is often 1,024, to the hard limit."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _problem(error: MatronError, request: Request) -> Answer:
    body, headers = render(error, request.id)
    return error.status, headers, body
