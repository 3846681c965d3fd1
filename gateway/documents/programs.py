"""What programs ask for that is no command, as OpenAPI operations: health, calendars, and the document itself."""

from typing import Any

from chassis import errors
from contracts.scheduling.calendar_feed import GetCalendar
from gateway import calendar_feed
from gateway.documents import refusals, schemas

ALIVE = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}
FAILING = {
    "type": "object",
    "required": ["failing"],
    "properties": {"failing": {"type": "array", "items": {"type": "string"}}},
}
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Matron//Calendar//EN\r\nEND:VCALENDAR\r\n"
WHOLE = {
    "type": "object",
    "required": ["openapi", "info", "paths"],
    "properties": {"openapi": {"type": "string"}, "info": {"type": "object"}, "paths": {"type": "object"}},
}
EVENTS = {
    "type": "object",
    "required": ["asyncapi", "info", "channels"],
    "properties": {"asyncapi": {"type": "string"}, "info": {"type": "object"}, "channels": {"type": "object"}},
}


def _reply(description: str, schema: dict[str, Any], example: Any, *headers: str) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"description": description, "headers": schemas.headers(*headers), "content": content}


def _document(name: str, summary: str, whole: dict[str, Any]) -> dict[str, Any]:
    """The operation of a document, which is not sent again to whoever has it."""
    unchanged = {"description": "It has not changed.", "headers": schemas.headers("ETag")}
    return {**_asked(name, summary, {"200": whole, "304": unchanged}), "parameters": ["If-None-Match"]}


def _asked(name: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    more = {str(kind.status): refusals.shared(kind, codes) for kind, codes in _REFUSED.items()}
    return {
        "operationId": name,
        "tags": ["gateway"],
        "summary": summary,
        "x-roles": [],
        "security": [],
        "parameters": [],
        "responses": {**more, **responses},
    }


def _calendar() -> dict[str, Any]:
    """The operation of the page that shows a calendar: refused as its command is, but no access token is looked at."""
    kinds = refusals.of(GetCalendar, "GET", [])
    refused = {str(k.status): refusals.shared(k, c) for k, c in kinds.items() if k is not errors.Unauthenticated}
    shown = {
        "description": "The calendar, in the form of RFC 5545.",
        "headers": schemas.headers(),
        "content": {calendar_feed.CALENDAR: {"schema": {"type": "string"}, "example": CALENDAR}},
    }
    token = {
        "name": "token",
        "in": "query",
        "required": True,
        "description": "As in the link.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "examples": [schemas.NAMED["token"]]},
    }
    made = _asked("calendar", "One's own calendar, by its link", {**refused, "200": shown})
    return {**made, "tags": [GetCalendar.service], "parameters": [token]}


_REFUSED = {kind: refusals.USUAL[kind] for kind in (errors.TooMany, errors.Internal)}
PATHS: dict[str, dict[str, Any]] = {
    "/health/live": _asked(
        "health_live", "Whether the process runs", {"200": _reply("It runs.", ALIVE, {"status": "ok"})}
    ),
    "/health/ready": _asked(
        "health_ready",
        "Whether requests can be answered, and if not, what is missing",
        {
            "200": _reply("They can.", FAILING, {"failing": []}),
            "503": _reply("Something that is needed does not answer.", FAILING, {"failing": ["gateway.broker"]}),
        },
    ),
    "/openapi.json": _document(
        "openapi",
        "This document",
        _reply(
            "The OpenAPI document.",
            WHOLE,
            {"openapi": "3.1.0", "info": {"title": "Matron", "version": "1"}, "paths": {}},
            "ETag",
        ),
    ),
    "/asyncapi.json": _document(
        "asyncapi",
        "What other systems can hear",
        _reply(
            "The AsyncAPI document of the events.",
            EVENTS,
            {"asyncapi": "3.0.0", "info": {"title": "Matron's events", "version": "1"}, "channels": {}},
            "ETag",
        ),
    ),
    calendar_feed.URL: _calendar(),
}
