"""The HTTP server: nameko's, made to survive what the network sends and to end without cutting anybody off."""

import re
import resource
from collections.abc import Callable, Iterable
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
"""Between saying that we are not ready and taking no more, so that whoever sends requests here learns it."""
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
"""Others are told as one: clients make up as many as they like, and each would stay in the metrics for good."""

Answer = replies.Answer
Handler = Callable[[Request], Answer]


class Table:
    """All routes, found by method and path: fixed paths by a dict, those with parts in braces by one pattern each.

    Only the patterns with as many parts as the path are tried.
    """

    def __init__(self) -> None:
        self.fixed: dict[str, dict[str, Handler]] = {}
        self.shaped: dict[int, list[tuple[re.Pattern[str], str, dict[str, Handler]]]] = {}

    def add(self, method: str, url: str, handler: Handler) -> None:
        """Answer this method and URL with this handler."""
        if "{" not in url:
            self.fixed.setdefault(url, {})[method] = handler
            return
        alike = self.shaped.setdefault(url.count("/"), [])
        for _pattern, known, handlers in alike:
            if known == url:
                handlers[method] = handler
                return
        alike.append((_pattern_of(url), url, {method: handler}))

    def find(self, method: str, path: str) -> tuple[Handler, str, dict[str, str]]:
        """The handler, the route's URL and the values in its path; NotFound or MethodNotAllowed."""
        url, values, handlers = self._at(path)
        handler = handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            raise METHOD_NOT_ALLOWED(allow=_allowed(handlers))
        return handler, url, values

    def methods(self, path: str) -> tuple[str, str]:
        """The route's URL, and the methods that it takes, as in `Allow`; NotFound."""
        url, _values, handlers = self._at(path)
        return url, _allowed(handlers)

    def _at(self, path: str) -> tuple[str, dict[str, str], dict[str, Handler]]:
        handlers = self.fixed.get(path)
        return self._shaped(path) if handlers is None else (path, {}, handlers)

    def _shaped(self, path: str) -> tuple[str, dict[str, str], dict[str, Handler]]:
        for pattern, url, handlers in self.shaped.get(path.count("/"), ()):
            match = pattern.fullmatch(path)
            if match:
                return url, match.groupdict(), handlers
        raise NO_SUCH_ROUTE()


def _pattern_of(url: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(url)))


def _allowed(handlers: Iterable[str]) -> str:
    return ", ".join(sorted({*handlers, "OPTIONS", *(["HEAD"] if "GET" in handlers else [])}))


class _Body(list[bytes]):
    """The body of a reply, which says when it has been written."""

    def __init__(self, body: bytes, written: Callable[[], None]) -> None:
        super().__init__([body])
        self.close = written


class HttpServer(WebServer):
    """Serves the routes of a gateway."""

    def __init__(self) -> None:
        super().__init__()
        self._starting = self.listens = False
        self.table = Table()
        self.active = 0
        self.draining = False

    @property
    def health(self) -> Health:
        """The process's health."""
        health: Health = self.container.config["health"]
        return health

    def setup(self) -> None:
        """Read the settings. ConfigError: some are malformed."""
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
            # A worker for every connection, since one that waits for a slow client's body is busy all the while.
            self.container._worker_pool.resize(MAX_CONNECTIONS)  # noqa: SLF001  nameko has no other way
            at = self.container.config["matron"]
            self._sock = eventlet.listen(
                (at.http_host, at.http_port), family_of(at.http_host), backlog=BACKLOG, reuse_port=False
            )
            self._sock.settimeout(None)
            self._serv = self.get_wsgi_server(self._sock, self.app)
            self._gt = eventlet.spawn(self.run)
            self.listens = True

    def get_wsgi_server(self, sock: Any, wsgi_app: Any, protocol: Any = Protocol, debug: bool = False) -> Any:  # noqa: FBT001, FBT002  nameko's signature
        """Eventlet's server, without a log of its own, on our connections."""
        server = Server(sock, sock.getsockname(), wsgi_app, protocol=protocol, debug=debug, log_output=False)
        server.minimum_chunk_size = 0
        server.request_seconds = self.settings.request_seconds
        server.budget, server.connections = Budget(), self.connections
        server.capitalize_response_headers = False  # Ours are, and eventlet needs longer for it than for all the rest.
        return server

    def run(self) -> None:
        """Take connections until the end; what a single one does harms no other."""
        while self._is_accepting:
            try:
                sock, address = self._sock.accept()
            except OSError:
                eventlet.sleep(0.05)  # Out of file descriptors: wait until some connection ends.
                continue
            if self.connections.enter(address[0], sock):
                eventlet.spawn_n(self._serve, sock, address)
            else:
                sock.close()
            eventlet.sleep(0)  # However many wait for a place, who has one is served meanwhile.

    def _serve(self, sock: Any, address: Any) -> None:
        try:
            self._serv.process_request([address, sock, wsgi.STATE_IDLE])
        except (OSError, eventlet.Timeout):
            pass  # The client broke off.
        except Exception as error:  # noqa: BLE001  one connection's trouble
            log_unexpected("connection failed", error)
        finally:
            self.connections.leave(sock)
            sock.close()

    def app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> _Body:
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
        return _Body(b"" if request.method == "HEAD" else body, self._written)

    def _end_connection(self, connection: Any) -> None:
        """Let no request follow when we are about to end, or when too much of this one's body has not been read."""
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
        except Exception as error:  # noqa: BLE001  the last border: nothing unexpected may get out
            log_unexpected("request failed", error, request_id=request.id)
            return url, _problem(INTERNAL(), request)

    def _options(self, request: Request) -> tuple[str, Answer]:
        """What may be asked at an address, for anybody and for browsers that ask on behalf of a page."""
        self.limits.count_address(request.address)
        url, methods = self.table.methods(request.environ["PATH_INFO"])
        headers = [("Allow", methods)]
        if request.header("ACCESS_CONTROL_REQUEST_METHOD"):
            headers += self.replies.cors.of_preflight(request.header("ORIGIN"), methods)
        return url, (204, headers, b"")

    def _find(self, request: Request) -> tuple[Handler, str, dict[str, str]]:
        """The handler of a request; whoever asks for what is not there is counted, too."""
        try:
            return self.table.find(request.method, request.environ["PATH_INFO"])
        except MatronError:
            self.limits.count_address(request.address)
            raise

    def _written(self) -> None:
        self.active -= 1

    def drain(self) -> None:
        """Take nothing new, and return when what is under way has been answered."""
        if not self.draining:
            self.draining = True
            eventlet.sleep(LEAVE_SECONDS)
            self._is_accepting = False
            self._sock.close()
        with eventlet.Timeout(DRAIN_SECONDS, exception=False):
            while self.active:
                eventlet.sleep(0.01)

    def stop(self) -> None:
        """End."""
        self._is_accepting = False
        if self._gt is not None:
            self._gt.kill()
            self._sock.close()


def _allow_connections() -> None:
    """Let this process have as many open files as it may: the soft limit is often 1,024."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _problem(error: MatronError, request: Request) -> Answer:
    body, headers = render(error, request.id)
    return error.status, headers, body
