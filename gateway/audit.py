"""The audit trail of all services as one list: the gateway asks each service, and merges the newest rows into a page.

A cursor holds the position in each service's rows. `missing` names a service that does not answer; its rows follow on a
later page.
"""

from collections.abc import Iterable, Mapping
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from eventlet import GreenPool
from marshmallow import ValidationError, fields

from chassis.call import Call
from chassis.config import SERVICES
from chassis.contract import Command
from chassis.errors import MatronError, NoAnswer, Unavailable
from chassis.identity import Actor
from chassis.refusals import bad_cursor
from contracts.audit import ListAuditTrail
from contracts.auth.accounts.administration import NoteRefusal
from contracts.auth.audit import ListAudit
from gateway.dependencies import Gateway
from gateway.payloads import READS
from gateway.server.requests import MAX_STRANGERS_BODY, Request
from records import cursors
from telemetry.logs import log

METHOD = "list_audit"
SECONDS = 3.0
NOTE_SECONDS = 1.0
END = "end"
"""The position in the rows of a service whose rows are all shown."""


def trail(gateway: Gateway, request: Request, _actor: Actor, query: ListAuditTrail) -> dict[str, Any]:
    """Return a page of all services' rows: `{"items", "next", "missing"}`. Invalid: `bad_cursor`."""
    limit, positions = query.limit, _decoded(query.cursor)
    asked = {**_as_sent(query), "limit": limit}

    def ask(service: str) -> dict[str, Any] | None:
        return _ask(gateway, request, service, {**asked, "cursor": positions[service] or None})

    unfinished = [service for service in SERVICES if positions[service] != END]
    answers = dict(zip(unfinished, GreenPool(len(SERVICES)).imap(ask, unfinished), strict=True))
    pages = {service: page for service, page in answers.items() if page is not None}
    rows = [[{**row, "service": service} for row in page["items"]] for service, page in pages.items()]
    items = list(islice(merge(*rows, key=lambda row: row["at"], reverse=True), limit))
    return {"items": items, "next": _next(positions, pages, items), "missing": sorted(answers.keys() - pages.keys())}


def _as_sent(query: ListAuditTrail) -> dict[str, Any]:
    """Return the filters of the query as JSON values."""
    names = {name: field.data_key or name for name, field in ListAuditTrail.schema().fields.items()}
    given = {names[name]: value for name, value in query.given().items() if value is not None and name != "cursor"}
    sent: dict[str, Any] = orjson.loads(orjson.dumps(given))
    return sent


def _ask(gateway: Gateway, request: Request, service: str, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Return a service's own page. None: the service does not answer."""
    call = Call(token=request.token(), request_id=request.id, address=request.address)
    sent = {name: value for name, value in payload.items() if value is not None}
    try:
        found: dict[str, Any] = gateway.rpc.call(service, METHOD, sent, call, SECONDS).result
    except (NoAnswer, Unavailable):
        return None
    return found


def _next(positions: dict[str, str], pages: dict[str, Any], items: list[dict[str, Any]]) -> str | None:
    """Return the cursor of the next page. Each service's own cursor is the last id shown. None: no row is left."""
    after = dict(positions)
    for service, page in pages.items():
        shown = [row["id"] for row in items if row["service"] == service]
        if shown:
            after[service] = ListAudit.mark() + cursors.encoded(shown[-1])
        if len(shown) == len(page["items"]) and page["next"] is None:
            after[service] = END
    left = any(position != END for position in after.values())
    return ListAuditTrail.mark() + cursors.encoded(*after.values()) if left and items else None


def _decoded(cursor: str | None) -> dict[str, str]:
    """Return the position in each service's rows: its own cursor, empty for the start, or `END`."""
    if cursor is None:
        return dict.fromkeys(SERVICES, "")
    try:
        positions = cursors.decoded(cursor, [str] * len(SERVICES))
    except ValueError:
        raise bad_cursor() from None
    return dict(zip(SERVICES, map(str, positions), strict=True))


def note_refusal(gateway: Gateway, request: Request, actor: Actor, contract: type[Command]) -> None:
    """Report a refusal for a missing role to auth, which audits it. If auth is away, the refusal is only logged."""
    call = Call(token=request.token(), request_id=request.id, address=request.address)
    action, record = contract.method(), _record(request, actor, contract)
    payload = {"action": action, "record_id": None if record is None else str(record)}
    try:
        gateway.rpc.call(NoteRefusal.service, NoteRefusal.method(), payload, call, NOTE_SECONDS)
    except MatronError as error:
        log.warning("refusal not audited", action=action, error=error.code, request_id=request.id)


def _record(request: Request, actor: Actor, contract: type[Command]) -> UUID | None:
    """Return the record id of a refused request, from its path, its query or its body. Nothing else is kept."""
    declared = contract.schema().fields.items()
    names = [field.data_key or name for name, field in declared if isinstance(field, fields.UUID)]
    found = _first_id(request.path_values, names, actor)
    if found is not None or not names:
        return found
    return _first_id(_rest_of(request), names, actor)


def _rest_of(request: Request) -> dict[str, Any]:
    """Return the query and a small body. A malformed one counts as empty, since the request is refused anyway."""
    try:
        values, _twice = request.parameters()
        return {**values, **({} if request.method in READS else request.json(MAX_STRANGERS_BODY))}
    except MatronError:
        return {}


def _first_id(values: Mapping[str, Any], names: Iterable[str], actor: Actor) -> UUID | None:
    """Return the first id that is not the caller's own, as `chassis.execution.audit.named_in` does."""
    for name in names:
        try:
            found = fields.UUID().deserialize(values.get(name))
        except ValidationError:
            continue
        if found != actor.id:
            return found
    return None
