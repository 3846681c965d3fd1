"""`route`: one line of the gateway's table, which says how a command is reached over HTTP.

Everything else, who may call it, what it takes and what it answers, stands in the command's contract.
"""

from collections.abc import Callable
from typing import Any

from eventlet.event import Event
from nameko.extensions import register_entrypoint
from nameko.web.handlers import HttpRequestHandler

from chassis.contract import Command
from chassis.errors import Invalid
from chassis.execution import Call
from chassis.identity import NOBODY, check_right
from gateway.http import Answer, HttpServer
from gateway.requests import Request

JSON = ("Content-Type", "application/json")


class Route(HttpRequestHandler):
    """Nameko's http entrypoint on our server."""

    server = HttpServer()

    def setup(self) -> None:
        """Add the route to the table."""
        self.server.table.add(self.method, self.url, self.handle)

    def stop(self) -> None:
        """Take nothing new, and answer what is under way."""
        self.server.drain()

    def handle(self, request: Request) -> Answer:
        """Answer in a worker of the service."""
        done = Event()

        def handle_result(_context: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            done.send(result, exc_info)
            return result, None

        self.container.spawn_worker(self, (request,), {}, handle_result=handle_result)
        answer: Answer = done.wait()
        return answer


def route(
    method: str, url: str, contract: type[Command], *, me: str | None = None, status: int = 200
) -> Callable[..., Any]:
    """Reach a command at `url`, whose parts in braces are fields; `me` is the field that is the caller's own id."""
    service, rpc_method, seconds = contract.service, contract.method(), contract.deadline
    roles = frozenset(contract.roles)

    def answer(self: Any, request: Request) -> Answer:
        token = request.token()
        actor = self.verifier.actor(token) if token else NOBODY
        check_right(actor, roles, verified=contract.verified)
        payload = _payload(request, {me: str(actor.person)} if me else {})
        key = "" if contract.reads else request.key()
        call = Call(token=token, request_id=request.id, key=key, address=request.address)
        reply = self.rpc.call(service, rpc_method, payload, call, seconds)
        body = reply.result_bytes
        revision = reply.headers.get("revision")
        return status, [JSON] if revision is None else [JSON, ("ETag", f'"{revision}"')], body

    answer.__doc__, answer.__name__ = contract.__doc__, rpc_method
    answer.route = (method, url, contract, me, status)  # type: ignore[attr-defined]
    register_entrypoint(answer, Route(method, url))
    return answer


def _payload(request: Request, own: dict[str, str]) -> dict[str, Any]:
    """Path, query, body and the caller's own id, as one. Invalid: a field comes from two places."""
    parts: list[dict[str, Any]] = [request.path_values, own]
    if request.environ.get("QUERY_STRING"):
        parts.append(request.query())
    if request.method not in ("GET", "HEAD"):
        parts.append(request.json())
    payload: dict[str, Any] = {}
    for part in parts:
        twice = payload.keys() & part.keys()
        if twice:
            raise Invalid("invalid", "Some fields are wrong.", {"errors": {name: ["Unknown field."] for name in twice}})
        payload.update(part)
    return payload


def page(method: str, url: str, answer: Callable[[Any, Request], Answer]) -> Callable[..., Any]:
    """Answer a URL that is no command: health, documents, the sandbox's checkout page."""

    def handler(self: Any, request: Request) -> Answer:
        return answer(self, request)

    handler.__doc__, handler.__name__ = answer.__doc__, answer.__name__
    register_entrypoint(handler, Route(method, url))
    return handler
