"""`route`: one line of the gateway's table, which says how a command is reached over HTTP.

Everything else, who may call it, what it takes and what it answers, stands in the command's contract.
"""

from collections.abc import Callable
from typing import Any

import orjson
from eventlet.event import Event
from nameko.extensions import register_entrypoint
from nameko.web.handlers import HttpRequestHandler

from chassis.contract import Command
from chassis.errors import Forbidden, Invalid, Unauthenticated
from chassis.execution import Call
from chassis.identity import NOBODY, Actor, check_right
from gateway import audit
from gateway.http import Answer, HttpServer
from gateway.limits import SIGN_IN
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


def admitted(gateway: Any, request: Request, contract: type[Command], url: str) -> tuple[str, Actor]:
    """The caller's token and who he is, when he may ask at all, and has not asked too often.

    With a token that counts he is counted by his account, else by his address. TooMany: `rate_limited`.
    """
    limits = gateway.limits
    if url in SIGN_IN:
        limits.count_sign_in(url, request.address)
    if request.header("AUTHORIZATION"):
        token, actor = _signed_in(gateway, request)
        limits.count_account(str(actor.id))
    else:
        token, actor = "", NOBODY
        limits.count_address(request.address)
    _check_right(gateway, request, actor, contract)
    return token, actor


def _signed_in(gateway: Any, request: Request) -> tuple[str, Actor]:
    """The token and its actor. A token that does not count is counted, and none is looked at any more over the limit.

    One that has been verified before passes: its holder may share the address with whoever guesses tokens.
    """
    try:
        token = request.token()
        if token not in gateway.verifier.known:
            gateway.limits.check_address(request.address)
        return token, gateway.verifier.actor(token)
    except Unauthenticated:
        gateway.limits.count_address(request.address)
        raise


def _check_right(gateway: Any, request: Request, actor: Actor, contract: type[Command]) -> None:
    """The one place where the gateway refuses somebody for his roles; auth writes it down."""
    try:
        check_right(actor, contract)
    except Forbidden:
        audit.note_refusal(gateway, request, contract.method())
        raise


def route(
    method: str, url: str, contract: type[Command], *, me: str | None = None, status: int = 200
) -> Callable[..., Any]:
    """Reach a command at `url`, whose parts in braces are fields; `me` is the field that is the caller's own id."""
    service, rpc_method = contract.service, contract.method()

    def answer(self: Any, request: Request) -> Answer:
        token, actor = admitted(self, request, contract, url)
        payload = _payload(request, {me: str(actor.person)} if me else {})
        with self.lines.turn(contract) as seconds:
            reply = self.rpc.call(service, rpc_method, payload, _call(request, contract, token), seconds)
        body = reply.result_bytes
        revision = reply.headers.get("revision")
        return status, [JSON] if revision is None else [JSON, ("ETag", f'"{revision}"')], body

    return _registered(answer, method, url, contract, me, status)


Compose = Callable[[Any, Request, Actor, dict[str, Any]], Any]


def composed(method: str, url: str, contract: type[Command], compose: Compose, *, status: int = 200) -> Any:
    """Answer at `url` what the gateway itself puts together from several services.

    Who may ask and how often is decided as for `route`; the fields are read by the contract, and `compose(gateway,
    request, actor, fields)` returns plain data. Only for questions: nothing here would do a command just once.
    """
    if not contract.reads:
        raise TypeError(f"{contract.__name__} is a command, which one service must answer for")

    def answer(self: Any, request: Request) -> Answer:
        _token, actor = admitted(self, request, contract, url)
        fields = contract.read(_payload(request, {}))
        return status, [JSON], orjson.dumps(compose(self, request, actor, fields))

    return _registered(answer, method, url, contract, None, status)


def _registered(
    answer: Callable[..., Any], method: str, url: str, contract: type[Command], me: str | None, status: int
) -> Callable[..., Any]:
    """A line of the table, which the OpenAPI document and the guards read."""
    answer.__doc__, answer.__name__ = contract.__doc__, contract.method()
    answer.route = (method, url, contract, me, status)  # type: ignore[attr-defined]
    register_entrypoint(answer, Route(method, url))
    return answer


def _call(request: Request, contract: type[Command], token: str) -> Call:
    """What goes to the service besides the payload."""
    return Call(
        token=token,
        request_id=request.id,
        key="" if contract.reads else request.key(),
        address=request.address,
        device="" if contract.roles else request.device(),
        if_match=request.if_match() if contract.revised else "",
    )


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


def page(
    method: str, url: str, answer: Callable[[Any, Request], Answer], *, limited: bool = True
) -> Callable[..., Any]:
    """Answer a URL that is no command: health, documents, the sandbox's checkout page."""

    def handler(self: Any, request: Request) -> Answer:
        if limited:
            self.limits.count_address(request.address)
        return answer(self, request)

    handler.__doc__, handler.__name__ = answer.__doc__, answer.__name__
    register_entrypoint(handler, Route(method, url))
    return handler
