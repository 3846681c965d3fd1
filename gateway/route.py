"""`route`: an entry of the route table, which maps an HTTP method and URL to a command.

The command's contract declares the rest: its roles, its fields and its reply. A route may allow fewer roles than its
command: the desk's URL for booking is closed to patients, who have a URL of their own.
"""

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import orjson
from eventlet.event import Event
from nameko.extensions import register_entrypoint
from nameko.web.handlers import HttpRequestHandler

from chassis.call import Call
from chassis.contract import Command, Role
from chassis.errors import Forbidden, MatronError
from chassis.identity import Actor, check_right
from chassis.refusals import ROLE_MISSING, WRONG_FIELDS
from gateway import audit, etags
from gateway.dependencies import Gateway
from gateway.files.forms import Form
from gateway.payloads import UNKNOWN, payload_of
from gateway.revocations import ENDED_BY, KEPT_SECONDS
from gateway.rpc import Reply
from gateway.server.http import Answer, HttpServer
from gateway.server.requests import MAX_BODY, MAX_STRANGERS_BODY, Request

JSON = ("Content-Type", "application/json")
PART = re.compile(r"{(\w+)}")


class Route(HttpRequestHandler):
    """Nameko's HTTP entrypoint on the gateway's own server."""

    server = HttpServer()

    def setup(self) -> None:
        """Add the route to the server's table."""
        self.server.table.add(self.method, self.url, self.handle)

    def stop(self) -> None:
        """Refuse new connections, and finish the running requests."""
        self.server.drain()

    def handle(self, request: Request) -> Answer:
        """Answer a request in a worker of the service."""
        done = Event()

        def handle_result(_context: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            done.send(result, exc_info)
            return result, None

        self.container.spawn_worker(self, (request,), {}, handle_result=handle_result)
        answer: Answer = done.wait()
        return answer


class Entry(NamedTuple):
    """An entry of the route table; `route` describes the fields."""

    method: str
    url: str
    contract: type[Command]
    me: str | None
    status: int
    roles: frozenset[Role]
    at: str
    form: Form | None = None
    """The form of an upload."""
    media: tuple[str, ...] = ()
    """The types of a file in the reply; none for JSON."""


def refuse_without_right(gateway: Gateway, request: Request, actor: Actor, entry: Entry) -> None:
    """Refuse an actor without the route's roles or the contract's rights. Auth records a missing right."""
    try:
        if actor.id is not None and entry.roles and actor.roles.isdisjoint(entry.roles):
            raise ROLE_MISSING()
        check_right(actor, entry.contract)
    except Forbidden:
        audit.note_refusal(gateway, request, actor, entry.contract)
        raise


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
    """Map a method and URL to a command. Parts of the URL in braces are fields of the command.

    `me` names the field that takes the caller's own id. `roles` limits the route to some roles of the command. `at` is
    the URL of the created record, sent as `Location`; its parts in braces take fields of the reply, or its id.
    """
    entry = Entry(method, url, contract, me, status, narrowed(contract, roles), at)
    return registered(answer_of(entry), entry)


def answer_of(entry: Entry) -> Callable[[Gateway, Request], Answer]:
    """Return the function that answers the requests of an entry with a JSON body or none."""
    contract, me, url = entry.contract, entry.me, entry.url
    service, rpc_method = contract.service, contract.method()
    most, ended_by = MAX_BODY if entry.roles else MAX_STRANGERS_BODY, ENDED_BY.get(contract)
    mark_of = etags.mark_of if etags.are_personal(contract, url) else etags.no_mark

    def answer(self: Gateway, request: Request) -> Answer:
        with self.limits.admit(request, contract, self.verifier) as (token, actor, _attempt):
            refuse_without_right(self, request, actor, entry)
            payload = payload_of(request, contract, {me: str(actor.person)} if me else {}, most)
            if entry.form is not None and entry.form.field in payload:
                raise WRONG_FIELDS(errors={entry.form.field: [UNKNOWN]})  # Only the gateway writes it.
            mark = mark_of(actor)
            with self.lines.turn(contract, request.waited) as seconds:
                reply = self.rpc.call(service, rpc_method, payload, call_of(request, contract, token, mark), seconds)
            body = reply.result_bytes
        session = ended_by(actor, payload) if ended_by else None
        if session is not None:
            self.verifier.revoked.add(session, time.time() + KEPT_SECONDS)
        return answered(entry, reply, body, mark)

    return answer


def answered(entry: Entry, reply: Reply, body: bytes, mark: str) -> Answer:
    """Return the answer with the JSON of a reply."""
    revision = reply.headers.get("revision")
    headers = [JSON] if revision is None else [JSON, ("ETag", etags.tag(revision, mark))]
    return entry.status, [*headers, ("Location", _location(entry.at, body))] if entry.at else headers, body


def narrowed(contract: type[Command], roles: Iterable[Role] | None) -> frozenset[Role]:
    """Return the roles of a route. TypeError: the route allows a role that the command refuses."""
    allowed = frozenset(contract.roles)
    chosen = allowed if roles is None else frozenset(roles)
    if not chosen <= allowed or bool(chosen) != bool(allowed):
        raise TypeError(f"{contract.__name__} allows {sorted(allowed)}, but its route allows {sorted(chosen)}")
    return chosen


def _location(at: str, body: bytes) -> str:
    """Fill the URL of a record. A part that the reply does not name is the id of the record."""
    reply = orjson.loads(body)
    return PART.sub(lambda part: reply.get(part[1], reply["id"]), at)


Compose = Callable[[Gateway, Request, Actor, Any], dict[str, Any]]


def composed(method: str, url: str, contract: type[Command], compose: Compose, *, status: int = 200) -> Any:
    """Map a URL to a reply that the gateway composes from several services.

    Admission works as for `route`. `compose(gateway, request, actor, fields)` gets the fields as the contract has read
    them, and returns plain data. Only queries: the gateway has no transaction, so it cannot execute a command once.
    """
    if not contract.reads:
        raise TypeError(f"{contract.__name__} is a command, which one service must answer for")
    entry = Entry(method, url, contract, None, status, narrowed(contract, None), "")

    def answer(self: Gateway, request: Request) -> Answer:
        with self.limits.admit(request, contract, self.verifier) as (_token, actor, _attempt):
            refuse_without_right(self, request, actor, entry)
            fields = contract.read(payload_of(request, contract, {}, MAX_STRANGERS_BODY))
            return status, [JSON], orjson.dumps(compose(self, request, actor, fields))

    return registered(answer, entry)


def registered(answer: Callable[..., Any], entry: Entry) -> Callable[..., Any]:
    """Register an entrypoint. The OpenAPI document and the guards read its `route`."""
    answer.__doc__, answer.__name__ = entry.contract.__doc__, entry.contract.method()
    answer.route = entry  # type: ignore[attr-defined]  # the table is read by it
    register_entrypoint(answer, Route(entry.method, entry.url))
    return answer


def call_of(request: Request, contract: type[Command], token: str, mark: str) -> Call:
    """Return the headers of the RPC call."""
    return Call(
        token=token,
        request_id=request.id,
        key="" if contract.reads else request.key(),
        address=request.address,
        device="" if contract.roles else request.device(),
        if_match=etags.revisions(request.if_match(), mark) if contract.revised else "",
    )


def page(
    method: str,
    url: str,
    answer: Callable[[Gateway, Request], Answer],
    *,
    limited: bool = True,
    like: type[Command] | None = None,
    refused: Callable[[MatronError, Request], Answer] | None = None,
) -> Callable[..., Any]:
    """Map a URL to a page that is no command: health, documents, forms.

    A page shares the limits of the command that it is `like`. `refused` renders an error as HTML; without it, an error
    is a problem document.
    """

    def admitted(self: Gateway, request: Request) -> Answer:
        if like is None:
            if limited:
                self.limits.count_address(request.address)
            return answer(self, request)
        with self.limits.admit(request, like, None) as (_token, _actor, attempt):
            reply = answer(self, request)
            attempt.status = reply[0]
            return reply

    def handler(self: Gateway, request: Request) -> Answer:
        try:
            return admitted(self, request)
        except MatronError as error:
            if refused is None:
                raise
            return refused(error, request)

    handler.__doc__, handler.__name__ = answer.__doc__, answer.__name__
    register_entrypoint(handler, Route(method, url))
    return handler
