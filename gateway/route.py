"""`route`: one line of the gateway's table, which says how a command is reached over HTTP.

Everything else, who may call it, what it takes and what it answers, stands in the command's contract. A route may be
for fewer roles than its command: nobody acts as a patient at the desk's address.
"""

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import orjson
from eventlet.event import Event
from nameko.extensions import register_entrypoint
from nameko.web.handlers import HttpRequestHandler

from chassis.contract import Command, Role
from chassis.errors import Forbidden, MatronError, Unauthenticated
from chassis.execution.run import Call
from chassis.identity import NOBODY, Actor, check_right
from chassis.refusals import ROLE_MISSING
from contracts.auth.fields import HASHING
from gateway import audit, tags
from gateway.payloads import payload_of
from gateway.revocations import ENDED_BY, KEPT_SECONDS
from gateway.server.http import Answer, HttpServer
from gateway.server.limits import GUESSED, SENT
from gateway.server.requests import MAX_BODY, MAX_STRANGERS_BODY, Request

JSON = ("Content-Type", "application/json")
PART = re.compile(r"{\w+}")


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


class Line(NamedTuple):
    """One line of the table; see `route`."""

    method: str
    url: str
    contract: type[Command]
    me: str | None
    status: int
    roles: frozenset[Role]
    at: str


def admitted(
    gateway: Any, request: Request, contract: type[Command], url: str, roles: frozenset[Role]
) -> tuple[str, Actor]:
    """The caller's token and who they are, when they may ask at all, and have not asked too often.

    With a token that counts they are counted by their account, else by their address. TooMany: `rate_limited`.
    """
    limits = gateway.limits
    if url in SENT:
        limits.count_sent(url, request.address)
    if request.header("AUTHORIZATION"):
        token, actor = _signed_in(gateway, request)
        limits.count_account(str(actor.id))
        if contract.line == HASHING and contract.roles:
            limits.count_hashing(str(actor.id))
    else:
        token, actor = "", NOBODY
        limits.count_address(request.address)
    _check_right(gateway, request, actor, contract, roles)
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


def _check_right(gateway: Any, request: Request, actor: Actor, contract: type[Command], roles: frozenset[Role]) -> None:
    """The one place where the gateway refuses somebody for their roles; auth writes it down."""
    try:
        _check_roles(actor, roles)
        check_right(actor, contract)
    except Forbidden:
        audit.note_refusal(gateway, request, actor, contract)
        raise


def _check_roles(actor: Actor, roles: frozenset[Role]) -> None:
    if actor.id is not None and roles and actor.roles.isdisjoint(roles):
        raise ROLE_MISSING()


def route(
    method: str,
    url: str,
    contract: type[Command],
    *,
    me: str | None = None,
    status: int = 200,
    roles: Iterable[Role] | None = None,
    at: str = "",
) -> Callable[..., Any]:
    """Reach a command at `url`, whose parts in braces are fields; `me` is the field that is the caller's own id.

    `roles` are those of the command's that may use this route; all when left out. What is made can be read `at` a URL
    whose part in braces is the id in the reply: that is its `Location`.
    """
    service, rpc_method, may = contract.service, contract.method(), _narrowed(contract, roles)
    most, ended_by = MAX_BODY if may else MAX_STRANGERS_BODY, ENDED_BY.get(contract)
    mark_of = tags.mark_of if tags.are_personal(contract, url) else tags.no_mark

    def answer(self: Any, request: Request) -> Answer:
        token, actor = admitted(self, request, contract, url, may)
        payload = payload_of(request, contract, {me: str(actor.person)} if me else {}, most)
        mark = mark_of(actor)
        with self.lines.turn(contract, request.waited) as seconds:
            reply = self.rpc.call(service, rpc_method, payload, _call(request, contract, token, mark), seconds)
        body = reply.result_bytes
        if ended_by is not None:
            self.verifier.revoked.add(ended_by(actor, payload), time.time() + KEPT_SECONDS)
        revision = reply.headers.get("revision")
        headers = [JSON] if revision is None else [JSON, ("ETag", tags.tag(revision, mark))]
        return status, [*headers, ("Location", _place(at, body))] if at else headers, body

    tried = _tried(answer, url) if url in GUESSED else answer
    return _registered(tried, Line(method, url, contract, me, status, may, at))


def _tried(answer: Callable[[Any, Request], Answer], url: str) -> Callable[[Any, Request], Answer]:
    """An answer to what could be a guess; see `gateway/server/sign_in_limits.py`."""
    return lambda self, request: self.limits.trials.run(request, url, lambda: answer(self, request))


def _narrowed(contract: type[Command], roles: Iterable[Role] | None) -> frozenset[Role]:
    """The roles of a route. TypeError: it would let in somebody whom the service refuses."""
    all_of_them = frozenset(contract.roles)
    chosen = all_of_them if roles is None else frozenset(roles)
    if not chosen <= all_of_them or bool(chosen) != bool(all_of_them):
        raise TypeError(f"{contract.__name__} is for {sorted(all_of_them)}, and a route of it for {sorted(chosen)}")
    return chosen


def _place(at: str, body: bytes) -> str:
    return PART.sub(orjson.loads(body)["id"], at)


Compose = Callable[[Any, Request, Any, Any], dict[str, Any]]


def composed(method: str, url: str, contract: type[Command], compose: Compose, *, status: int = 200) -> Any:
    """Answer at `url` what the gateway itself puts together from several services.

    Who may ask and how often is decided as for `route`; the fields are read by the contract, and `compose(gateway,
    request, actor, fields)` returns plain data. Only for questions: nothing here would do a command just once.
    """
    if not contract.reads:
        raise TypeError(f"{contract.__name__} is a command, which one service must answer for")
    may = _narrowed(contract, None)

    def answer(self: Any, request: Request) -> Answer:
        _token, actor = admitted(self, request, contract, url, may)
        fields = contract.read(payload_of(request, contract, {}, MAX_STRANGERS_BODY))
        return status, [JSON], orjson.dumps(compose(self, request, actor, fields))

    return _registered(answer, Line(method, url, contract, None, status, may, ""))


def _registered(answer: Callable[..., Any], line: Line) -> Callable[..., Any]:
    """A line of the table, which the OpenAPI document and the guards read."""
    answer.__doc__, answer.__name__ = line.contract.__doc__, line.contract.method()
    answer.route = line  # type: ignore[attr-defined]  # the table is read by it
    register_entrypoint(answer, Route(line.method, line.url))
    return answer


def _call(request: Request, contract: type[Command], token: str, mark: str) -> Call:
    """What goes to the service besides the payload."""
    return Call(
        token=token,
        request_id=request.id,
        key="" if contract.reads else request.key(),
        address=request.address,
        device="" if contract.roles else request.device(),
        if_match=tags.revisions(request.if_match(), mark) if contract.revised else "",
    )


def page(
    method: str,
    url: str,
    answer: Callable[[Any, Request], Answer],
    *,
    limited: bool = True,
    like: str = "",
    refused: Callable[[MatronError, Request], Answer] | None = None,
) -> Callable[..., Any]:
    """Answer a URL that is no command: health, documents, the sandbox's checkout page.

    `like` is the route that does the same for programs: a page is asked no more often than that. `refused` makes the
    page of a refusal for people; without it, a refusal is a problem document.
    """

    def counted(self: Any, request: Request) -> Answer:
        if like in SENT:
            self.limits.count_sent(like, request.address)
        if limited:
            self.limits.count_address(request.address)
        return answer(self, request)

    asked = _tried(counted, like) if like in GUESSED else counted

    def handler(self: Any, request: Request) -> Answer:
        try:
            return asked(self, request)
        except MatronError as error:
            if refused is None:
                raise
            return refused(error, request)

    handler.__doc__, handler.__name__ = answer.__doc__, answer.__name__
    register_entrypoint(handler, Route(method, url))
    return handler
