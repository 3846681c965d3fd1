"""OpenAPI operations of URLs that map to no command: health, calendars, and the interface descriptions."""

from chassis import errors
from contracts.scheduling.calendar_feed import GetCalendar
from gateway import calendar_feed
from gateway.documents import examples, refusals, schemas
from gateway.documents.objects import Json, Media, Operation, Parameter, Response, Schema
from gateway.documents.tags import Tag

ALIVE: Schema = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}
FAILING: Schema = {
    "type": "object",
    "required": ["failing", "notes"],
    "properties": {
        "failing": {"type": "array", "items": {"type": "string"}},
        "notes": {
            "type": "object",
            "description": "Facts for readers, such as unreviewed data. The gateway is ready all the same.",
        },
    },
}
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Matron//Calendar//EN\r\nEND:VCALENDAR\r\n"
WHOLE: Schema = {
    "type": "object",
    "required": ["openapi", "info", "paths"],
    "properties": {"openapi": {"type": "string"}, "info": {"type": "object"}, "paths": {"type": "object"}},
}
EVENTS: Schema = {
    "type": "object",
    "required": ["asyncapi", "info", "channels"],
    "properties": {"asyncapi": {"type": "string"}, "info": {"type": "object"}, "channels": {"type": "object"}},
}


def _reply(description: str, schema: Schema, example: Json, *headers: str) -> Response:
    content: dict[str, Media] = {"application/json": {"schema": schema, "example": example}}
    return {"description": description, "headers": schemas.headers(*headers), "content": content}


def _document(name: str, summary: str, whole: Response) -> Operation:
    """Return the operation of a document. A client that has it gets 304."""
    unchanged: Response = {"description": "The document has not changed.", "headers": schemas.headers("ETag")}
    return {**_asked(name, summary, {"200": whole, "304": unchanged}), "parameters": ["If-None-Match"]}


def _asked(name: str, summary: str, responses: dict[str, Response]) -> Operation:
    return {
        "operationId": name,
        "tags": [Tag.SYSTEM.value],
        "summary": summary,
        "x-roles": [],
        "security": [],
        "parameters": [],
        "responses": {**_refused(_REFUSED), **responses},
    }


def _refused(kinds: refusals.Codes) -> dict[str, Response]:
    """Return the shared responses of these kinds. LookupError: no response is shared."""
    found: dict[str, Response] = {}
    for kind, codes in kinds.items():
        response = refusals.shared(kind, codes)
        if response is None:
            raise LookupError(f"no response is shared for {kind.__name__} with {codes}")
        found[str(kind.status)] = response
    return found


def _calendar() -> Operation:
    """Return the operation of the calendar feed. It has the errors of its query, and reads no access token."""
    kinds = refusals.of(GetCalendar, "GET", [])
    refused = _refused({kind: codes for kind, codes in kinds.items() if kind is not errors.Unauthenticated})
    shown: Response = {
        "description": "The calendar (RFC 5545).",
        "headers": schemas.headers(),
        "content": {calendar_feed.CALENDAR: {"schema": {"type": "string"}, "example": CALENDAR}},
    }
    token: Parameter = {
        "name": "token",
        "in": "query",
        "required": True,
        "description": "The secret in the link.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "examples": [examples.NAMED["token"]]},
    }
    made = _asked("calendar", "Read a calendar by its secret link", {**refused, "200": shown})
    return {**made, "tags": [Tag.CALENDAR.value], "parameters": [token]}


_REFUSED: refusals.Codes = {kind: refusals.USUAL[kind] for kind in (errors.TooMany, errors.Internal)}
TAGS = frozenset({Tag.SYSTEM, Tag.CALENDAR})
PATHS: dict[str, Operation] = {
    "/health/live": _asked(
        "health_live", "Check that the process runs", {"200": _reply("The process runs.", ALIVE, {"status": "ok"})}
    ),
    "/health/ready": _asked(
        "health_ready",
        "Check that the gateway can answer requests",
        {
            "200": _reply("The gateway can answer requests.", FAILING, {"failing": [], "notes": {}}),
            "503": _reply(
                "`failing` names the parts that do not answer.", FAILING, {"failing": ["gateway.broker"], "notes": {}}
            ),
        },
    ),
    "/openapi.json": _document(
        "openapi",
        "Read this document",
        _reply(
            "The OpenAPI document.",
            WHOLE,
            {"openapi": "3.1.0", "info": {"title": "Matron", "version": "1"}, "paths": {}},
            "ETag",
        ),
    ),
    "/asyncapi.json": _document(
        "asyncapi",
        "Read the description of public events",
        _reply(
            "The AsyncAPI document.",
            EVENTS,
            {"asyncapi": "3.0.0", "info": {"title": "Matron's events", "version": "1"}, "channels": {}},
            "ETag",
        ),
    ),
    calendar_feed.URL: _calendar(),
}
