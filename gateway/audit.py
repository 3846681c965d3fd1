"""The audit as one list: each service is asked for its rows, and the newest of all of them make a page.

A cursor says how far each service's rows have been shown. A service that does not answer is named in `missing`, the
rest is given, and its rows come with a later page.
"""

import base64
import binascii
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
from chassis.persistence.paging import cursor_at
from chassis.refusals import bad_cursor
from contracts.audit import ListAuditTrail
from contracts.auth.accounts.administration import NoteRefusal
from contracts.auth.audit import ListAudit
from gateway.payloads import READS
from gateway.server.requests import MAX_STRANGERS_BODY, Request
from telemetry.logs import log

METHOD = "list_audit"
SECONDS = 3.0
NOTE_SECONDS = 1.0


def trail(gateway: Any, request: Request, _actor: Any, query: ListAuditTrail) -> dict[str, Any]:
    """A page of all services' rows: `{"items", "next", "missing"}`. Invalid: `bad_cursor`."""
    limit, places = query.limit, _decoded(query.cursor)
    asked = {**_as_sent(query), "limit": limit}
    ask = lambda service: _ask(gateway, request, service, {**asked, "cursor": places.get(service)})  # noqa: E731  one line, named for what it does
    open_ones = [service for service in SERVICES if places.get(service, "") is not None]
    told = dict(zip(open_ones, GreenPool(len(SERVICES)).imap(ask, open_ones), strict=True))
    pages = {service: answer for service, answer in told.items() if answer is not None}
    rows = [[{**row, "service": service} for row in answer["items"]] for service, answer in pages.items()]
    items = list(islice(merge(*rows, key=lambda row: row["at"], reverse=True), limit))
    return {"items": items, "next": _next(places, pages, items), "missing": sorted(told.keys() - pages.keys())}


def _as_sent(query: ListAuditTrail) -> dict[str, Any]:
    """The filters as they were asked for, as JSON has them."""
    names = {name: field.data_key or name for name, field in ListAuditTrail.schema().fields.items()}
    told = {names[name]: value for name, value in query.given().items() if value is not None and name != "cursor"}
    sent: dict[str, Any] = orjson.loads(orjson.dumps(told))
    return sent


def _ask(gateway: Any, request: Request, service: str, payload: dict[str, Any]) -> dict[str, Any] | None:
    """A service's own page; None when it does not answer."""
    call = Call(token=request.token(), request_id=request.id, address=request.address)
    sent = {name: value for name, value in payload.items() if value is not None}
    try:
        found: dict[str, Any] = gateway.rpc.call(service, METHOD, sent, call, SECONDS).result
    except (NoAnswer, Unavailable):
        return None
    return found


def _next(places: dict[str, str | None], pages: dict[str, Any], items: list[dict[str, Any]]) -> str | None:
    """Where the next page begins; None when nothing is left. Each service's cursor is the last id that was shown."""
    after = dict(places)
    for service, answer in pages.items():
        shown = [row["id"] for row in items if row["service"] == service]
        if shown:
            after[service] = ListAudit.mark() + cursor_at(shown[-1])
        if len(shown) == len(answer["items"]) and answer["next"] is None:
            after[service] = None
    left = [service for service in SERVICES if after.get(service, "") is not None]
    place = base64.urlsafe_b64encode(orjson.dumps(after)).decode()
    return ListAuditTrail.mark() + place if left and items else None


def _decoded(cursor: str | None) -> dict[str, str | None]:
    """How far each service has been shown: None to its end; not there: not at all."""
    try:
        places = orjson.loads(base64.urlsafe_b64decode(cursor)) if cursor is not None else {}
    except (ValueError, binascii.Error):
        places = None
    if not isinstance(places, dict) or not all(isinstance(place, str | None) for place in places.values()):
        raise bad_cursor()
    return places


def note_refusal(gateway: Any, request: Request, actor: Actor, contract: type[Command]) -> None:
    """Have auth write down which action on which record a missing role refused. Without auth it is only logged."""
    call = Call(token=request.token(), request_id=request.id, address=request.address)
    action, record = contract.method(), _record(request, actor, contract)
    noted = {"action": action, "record_id": None if record is None else str(record)}
    try:
        gateway.rpc.call(NoteRefusal.service, NoteRefusal.method(), noted, call, NOTE_SECONDS)
    except MatronError as error:
        log.warning("refusal not audited", action=action, error=error.code, request_id=request.id)


def _record(request: Request, actor: Actor, contract: type[Command]) -> UUID | None:
    """The record that a refused request names: in its path, else in its query or body. Nothing else of it is kept."""
    declared = contract.schema().fields.items()
    names = [field.data_key or name for name, field in declared if isinstance(field, fields.UUID)]
    found = _first_id(request.path_values, names, actor)
    if found is not None or not names:
        return found
    return _first_id(_rest_of(request), names, actor)


def _rest_of(request: Request) -> dict[str, Any]:
    """The query and a small body; nothing where they cannot be read, since the request is refused in any case."""
    try:
        values, _twice = request.parameters()
        return {**values, **({} if request.method in READS else request.json(MAX_STRANGERS_BODY))}
    except MatronError:
        return {}


def _first_id(values: Mapping[str, Any], names: Iterable[str], actor: Actor) -> UUID | None:
    """The first of these values that is an id other than the caller's own, as in `chassis.execution.audit.named_in`."""
    for name in names:
        try:
            found = fields.UUID().deserialize(values.get(name))
        except ValidationError:
            continue
        if found != actor.id:
            return found
    return None
