"""The HTTP server: nameko's, made to survive what the network sends and to end without cutting anybody off."""

import re
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

import eventlet
from eventlet import wsgi
from nameko.web.server import HttpOnlyProtocol, WebServer
from uuid_utils import uuid7

from chassis.errors import MatronError, NotFound, internal
from chassis.observe import HTTP, Health, log, log_unexpected
from gateway.problems import REASONS, MethodNotAllowed, render
from gateway.requests import Request

BACKLOG = 1024
IDLE_SECONDS = 30.0
MAX_LINE = 16 * 1024
DRAIN_SECONDS = 7.0
LEAVE_SECONDS = 0.2
"""Between saying that we are not ready and taking no more, so that whoever sends requests here learns it."""
ALWAYS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
]

Answer = tuple[int, list[tuple[str, str]], bytes]
Handler = Callable[[Request], Answer]


class Table:
    """All routes, found by method and path: fixed paths by a dict, those with parts in braces by one pattern each."""

    def __init__(self) -> None:
        self.fixed: dict[str, dict[str, Handler]] = {}
        self.shaped: list[tuple[re.Pattern[str], str, dict[str, Handler]]] = []

    def add(self, method: str, url: str, handler: Handler) -> None:
        """Answer this method and URL with this handler."""
        if "{" not in url:
            self.fixed.setdefault(url, {})[method] = handler
            return
        for _pattern, known, handlers in self.shaped:
            if known == url:
                handlers[method] = handler
                return
        self.shaped.append((_pattern_of(url), url, {method: handler}))

    def find(self, method: str, path: str) -> tuple[Handler, str, dict[str, str]]:
        """The handler, the route's URL and the values in its path; NotFound or MethodNotAllowed."""
        url, values, handlers = path, dict[str, str](), self.fixed.get(path)
        if handlers is None:
            url, values, handlers = self._shaped(path)
        handler = handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            raise MethodNotAllowed("method_not_allowed", "Not with this method.", {"allow": _allowed(handlers)})
        return handler, url, values

    def _shaped(self, path: str) -> tuple[str, dict[str, str], dict[str, Handler]]:
        for pattern, url, handlers in self.shaped:
            match = pattern.fullmatch(path)
            if match:
                return url, match.groupdict(), handlers
        raise NotFound("no_such_route", "There is nothing at this address.")


def _pattern_of(url: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(url)))


def _allowed(handlers: Iterable[str]) -> str:
    return ", ".join(sorted({*handlers, *(["HEAD"] if "GET" in handlers else [])}))


class _Body(list[bytes]):
    """The body of a reply, which says when it has been written."""

    def __init__(self, body: bytes, written: Callable[[], None]) -> None:
        super().__init__([body])
        self.close = written


class HttpServer(WebServer):
    """Serves the routes of a gateway."""

    def __init__(self) -> None:
        super().__init__()
        self._starting = False
        self.table = Table()
        self.active = 0
        self.draining = False

    @property
    def health(self) -> Health:
        """The process's health."""
        health: Health = self.container.config["health"]
        return health

    def start(self) -> None:
        """Listen."""
        if not self._starting:
            self._starting = True
            self._sock = eventlet.listen(
                (self.bind_addr.address, self.bind_addr.port), backlog=BACKLOG, reuse_port=False
            )
            self._sock.settimeout(None)
            self._serv = self.get_wsgi_server(self._sock, self.app)
            self._gt = eventlet.spawn(self.run)

    def get_wsgi_server(self, sock: Any, wsgi_app: Any, protocol: Any = HttpOnlyProtocol, debug: bool = False) -> Any:  # noqa: FBT001, FBT002  nameko's signature
        """Eventlet's server, without a log of its own, and with limits."""
        return wsgi.Server(
            sock,
            sock.getsockname(),
            wsgi_app,
            protocol=protocol,
            debug=debug,
            log_output=False,
            keepalive=True,
            socket_timeout=IDLE_SECONDS,
            url_length_limit=MAX_LINE,
            minimum_chunk_size=0,
        )

    def run(self) -> None:
        """Take connections until the end; what a single one does harms no other."""
        while self._is_accepting:
            try:
                sock, address = self._sock.accept()
            except OSError:
                eventlet.sleep(0.05)  # Out of file descriptors: wait until some connection ends.
                continue
            sock.settimeout(IDLE_SECONDS)
            eventlet.spawn_n(self._serve, sock, address)

    def _serve(self, sock: Any, address: Any) -> None:
        try:
            self._serv.process_request([address, sock, wsgi.STATE_IDLE])
        except (OSError, eventlet.Timeout):
            pass  # The client broke off.
        except Exception as error:  # noqa: BLE001  one connection's trouble
            log_unexpected("connection failed", error)

    def app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> _Body:
        """The WSGI application."""
        self.active += 1
        began, request = perf_counter(), Request(environ, str(uuid7()))
        url, (status, headers, body) = self._answer(request)
        headers += [("X-Request-Id", request.id), ("Content-Length", str(len(body))), *ALWAYS]
        if self.draining:
            headers.append(("Connection", "close"))
        start_response(REASONS[status], headers)
        HTTP.labels(request.method, url, status).inc()
        ms = round((perf_counter() - began) * 1000, 1)
        log.info("http", method=request.method, route=url, status=status, ms=ms, request_id=request.id)
        return _Body(b"" if request.method == "HEAD" else body, self._written)

    def _answer(self, request: Request) -> tuple[str, Answer]:
        url = "unknown"
        try:
            handler, url, request.path_values = self.table.find(request.method, request.environ["PATH_INFO"])
            return url, handler(request)
        except MatronError as error:
            return url, _problem(error, request)
        except Exception as error:  # noqa: BLE001  the last border: nothing unexpected may get out
            log_unexpected("request failed", error, request_id=request.id)
            return url, _problem(internal(), request)

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


def _problem(error: MatronError, request: Request) -> Answer:
    body, headers = render(error, request.id)
    return error.status, headers, body
