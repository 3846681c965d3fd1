"""The base of the sandboxes: HTTP server, scenarios, hosted checkout page and controls.

A sandbox is a process of its own, without green threads: `python -m tests.sandboxes.stripe --folder F --port P`. It
subclasses `Sandbox`, declares its API by `@route`, and ends with `serve(Subclass)`.
"""

import json
import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.sandboxes import page
from tests.sandboxes.options import Options, from_command_line
from tests.sandboxes.page import Button, Checkout
from tests.sandboxes.scenarios import Scenario
from tests.sandboxes.store import Store
from tests.sandboxes.web import Answer, Handler, Refused, Request, as_json, as_page, redirect, route
from tests.sandboxes.webhooks import Webhooks, Worker

OPEN_PATHS = ("/_sandbox/", "/pay/")
"""Paths for browsers and tests, which need no key."""


class Sandbox(ABC):
    """A provider. Each API request is one transaction of the store; `Refused` keeps its changes."""

    name: str

    def __init__(self, options: Options) -> None:
        options.folder.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.store = Store(options.folder / f"{self.name}.sqlite")
        self.webhooks = Webhooks(self.store, options, self.sign)
        self.worker = Worker(self.webhooks.deliver_due, self._do_jobs)
        for name, value in ((self.store.get("setting", "options")) or {}).items():
            setattr(options, name, value)

    # --- what a provider implements -------------------------------------------------------------------------------

    @abstractmethod
    def sign(self, body: bytes, at: int, secret: str) -> dict[str, str]:
        """Return the headers that sign a webhook, which states the time `at` in seconds since 1970."""

    @abstractmethod
    def error(self, status: int, message: str) -> Answer:
        """Return an error in the provider's form, for 401, 404 and 500."""

    @abstractmethod
    def checkout(self, key: str) -> Checkout | None:
        """Return the checkout whose page is `/pay/KEY`, or None."""

    @abstractmethod
    def press(self, key: str, button: Button, scenario: Scenario) -> str:
        """Let the payer press a button, and return the page to which the browser goes."""

    @abstractmethod
    def perform(self, job: str, key: str) -> None:
        """Do a job that `later` has asked for."""

    # --- for providers ------------------------------------------------------------------------------------------------

    def scenario(self, reference: str) -> Scenario:
        """Return the scenario of a reference. The default of the first moment stays."""
        found = self.store.get("scenario", reference)
        if found is None:
            default = self.store.get("setting", "scenario") or {"scenario": Scenario.SUCCESS}
            found = self.store.put("scenario", reference, default)
        return Scenario(found["scenario"])

    def trouble(self, reference: str, operation: str) -> Callable[[], None] | None:
        """Raise the 500 of `error_then_success`, or return the wait of `hang` for `Answer.before`."""
        scenario = self.scenario(reference)
        if scenario not in (Scenario.ERROR_THEN_SUCCESS, Scenario.HANG):
            return None
        key = f"{reference} {operation}"
        first = self.store.get("trouble", key)
        if first is None:
            first = self.store.put("trouble", key, {"at": time.time()})
            if scenario is Scenario.ERROR_THEN_SUCCESS:
                raise Refused(self.error(500, "The sandbox fails once."))
        left = float(first["at"]) + self.options.hang_seconds - time.time()
        return (lambda: time.sleep(max(left, 0))) if scenario is Scenario.HANG else None

    def later(self, seconds: float, job: str, key: str) -> None:
        """Call `perform(job, key)` after some seconds, also after a restart."""
        self.store.put("job", f"{job} {key}", {"due_at": time.time() + seconds, "job": job, "key": key})

    def _do_jobs(self) -> None:
        for job in self.store.find("job"):
            if job["due_at"] <= time.time():
                with self.store.transaction():
                    self.store.remove("job", f"{job['job']} {job['key']}")
                    self.perform(job["job"], job["key"])

    # --- the page -------------------------------------------------------------------------------------------------

    @route("GET", "/pay/{key}")
    def show_page(self, _request: Request, key: str) -> Answer:
        """Show the checkout page."""
        checkout = self._checkout(key)
        return as_page(page.render(checkout, self.scenario(checkout.reference)))

    @route("POST", "/pay/{key}")
    def press_button(self, request: Request, key: str) -> Answer:
        """Press a button; the form may choose the scenario."""
        checkout, form = self._checkout(key), request.form()
        if not checkout.is_open:
            return as_page(page.render(checkout, self.scenario(checkout.reference)), 409)
        if "scenario" in form:
            self._set_scenario(checkout.reference, form["scenario"])
        scenario = self.scenario(checkout.reference)
        answer = redirect(self.press(key, _button(form.get("button", "pay"), scenario), scenario))
        if scenario is Scenario.WEBHOOK_BEFORE_REDIRECT:
            answer.before = lambda: self.webhooks.wait(checkout.reference)
        return answer

    def _checkout(self, key: str) -> Checkout:
        found = self.checkout(key)
        if found is None:
            raise Refused(as_page("<p>No such checkout.</p>", 404))
        return found

    # --- controls -------------------------------------------------------------------------------------------------

    @route("GET", "/_sandbox/health")
    def health(self, _request: Request) -> Answer:
        """Answer that the sandbox runs."""
        return as_json(200, {"provider": self.name})

    @route("POST", "/_sandbox/scenarios")
    def choose_scenario(self, request: Request) -> Answer:
        """Set the scenario of `reference`, or the default of new references."""
        asked = request.json()
        self._set_scenario(asked.get("reference"), asked["scenario"])
        return as_json(200, asked)

    def _set_scenario(self, reference: str | None, scenario: str) -> None:
        chosen = {"scenario": Scenario(scenario)}
        if reference:
            self.store.put("scenario", reference, chosen)
        else:
            self.store.put("setting", "scenario", chosen)

    @route("POST", "/_sandbox/options")
    def set_options(self, request: Request) -> Answer:
        """Change options, such as `webhook_url` and `hang_seconds`."""
        chosen = {name: value for name, value in request.json().items() if hasattr(self.options, name)}
        self.store.put("setting", "options", (self.store.get("setting", "options") or {}) | chosen)
        for name, value in chosen.items():
            setattr(self.options, name, value)
        return as_json(200, chosen)

    @route("GET", "/_sandbox/webhooks")
    def list_webhooks(self, request: Request) -> Answer:
        """List webhooks, of `?reference=` only if given."""
        return as_json(200, self.webhooks.sent(**request.query))

    @route("POST", "/_sandbox/webhooks/replay")
    def replay_webhooks(self, request: Request) -> Answer:
        """Send the webhooks of `{"reference": ...}` or `{"id": ...}` once more, lost webhooks too."""
        return as_json(200, {"count": self.webhooks.replay(**request.json())})

    @route("POST", "/_sandbox/webhooks/suppress")
    def suppress_webhooks(self, request: Request) -> Answer:
        """Lose all new webhooks while `{"suppressed": true}`."""
        self.webhooks.suppress(bool(request.json()["suppressed"]))
        return as_json(200, request.json())

    @route("GET", "/_sandbox/requests")
    def list_requests(self, _request: Request) -> Answer:
        """List the API requests, with method, path and status, oldest first."""
        return as_json(200, self.store.find("request"))

    # --- requests -------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """Answer a request in one transaction, and wait afterwards if the scenario says so."""
        try:
            with self.store.transaction():
                answer = self._answer(request)
        except (KeyError, ValueError) as error:
            answer = self.error(400, f"The sandbox cannot read the request: {error!r}")
        if answer.before:
            answer.before()
        return answer

    def _answer(self, request: Request) -> Answer:
        if request.path.startswith(OPEN_PATHS):
            return self._route(request)
        is_known = request.bearer == self.options.secret_key
        answer = self._route(request) if is_known else self.error(401, "Invalid API key")
        number = self.store.next_number("request")
        seen = {"method": request.method, "path": request.path, "status": answer.status, "query": request.query}
        self.store.put("request", str(number), seen)
        return answer

    def _route(self, request: Request) -> Answer:
        for handler, parts in self._handlers(request):
            try:
                return handler(self, request, **parts)
            except Refused as refused:
                return refused.answer
        return self.error(404, f"Unrecognized request URL ({request.method}: {request.path})")

    def _handlers(self, request: Request) -> Iterator[tuple[Handler, dict[str, str]]]:
        for member in (getattr(type(self), name) for name in dir(type(self))):
            for method, pattern in getattr(member, "routes", ()):
                found = pattern.fullmatch(request.path)
                if method == request.method and found:
                    yield member, found.groupdict()


def _button(pressed: str, scenario: Scenario) -> Button:
    """Return the effect of a button: `decline` and `abandon` are scenarios too."""
    by_scenario = {Scenario.DECLINE: Button.DECLINE, Scenario.ABANDON: Button.ABANDON}
    return by_scenario.get(scenario, Button(pressed)) if pressed == Button.PAY else Button(pressed)


def handler_of(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    """Return the HTTP handler of a sandbox."""

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # One packet for head and body; else the kernel delays the second by 40 ms.

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._write(sandbox.answer(Request(self.command, url.path, dict(parse_qsl(url.query)), headers, body)))

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  names of http.server

        def _write(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  a name of http.server
            """Write no log of requests."""

    return Connection


def serve(kind: type[Sandbox]) -> None:
    """Serve a sandbox until SIGTERM. Refuse to start in production."""
    if os.environ.get("ENV") == "production":
        raise SystemExit("A sandbox takes no money: it does not start with ENV=production.")
    sandbox = kind(from_command_line())
    server = ThreadingHTTPServer(("127.0.0.1", sandbox.options.port), handler_of(sandbox))
    server.daemon_threads = True
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    sandbox.worker.start()
    print(json.dumps({"provider": sandbox.name, "url": sandbox.options.url}), flush=True)
    server.serve_forever()
    sandbox.worker.end()
