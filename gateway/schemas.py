"""JSON schemas of fields and views, where apispec needs help: what it gets wrong, examples, and what replies hold."""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import fields, validate

from chassis.contract import View

UUID = "01919c5e-0000-7000-8000-0000000000a1"
EXAMPLES: dict[type, str] = {
    fields.UUID: UUID,
    fields.AwareDateTime: "2026-11-23T09:00:00+00:00",
    fields.Date: "2026-11-23",
    fields.Time: "09:00",
    fields.Email: "asha@example.org",
}
PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457). Some codes come with further members that a program may act on.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "What happened, for programs: see docs/errors.md."},
        "detail": {"type": "string", "description": "What happened, for people."},
        "request_id": {"type": "string"},
        "errors": {"type": "object", "description": "With 422: the messages of each field."},
    },
    "examples": [
        {
            "type": "urn:matron:error:slot_taken",
            "title": "Conflict",
            "status": 409,
            "code": "slot_taken",
            "detail": "Somebody has this time already.",
            "request_id": UUID,
        }
    ],
}
HEADERS = {
    "X-Request-Id": {"description": "Quote it when you report a problem.", "schema": {"type": "string"}},
    "ETag": {"description": "The revision of the record.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before asking again.", "schema": {"type": "integer"}},
}


def prepare(converter: Any) -> Any:
    """Apispec's converter, corrected."""
    for correction in (_enumeration, _decimal, _open_range, _address, _own_kind, _example):
        converter.add_attribute_function(correction)
    return converter


def _enumeration(_converter: Any, field: fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """An Enum by value has no type in apispec."""
    if not isinstance(field, fields.Enum) or "type" in ret:
        return {}
    kinds = {type(value) for value in ret["enum"] if value is not None}
    kind = "integer" if kinds == {int} else "string"
    return {"type": [kind, "null"] if field.allow_none else kind}


def _decimal(_converter: Any, field: fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """A Decimal that is written as text is no number, and has no numeric limits."""
    if not isinstance(field, fields.Decimal) or not field.as_string:
        return {}
    for limit in ("minimum", "maximum"):
        ret.pop(limit, None)
    return {"type": ["string", "null"] if field.allow_none else "string", "format": "decimal"}


def _open_range(_converter: Any, field: fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """Apispec takes every end of a range as inclusive."""
    found: dict[str, Any] = {}
    for rule in field.validators:
        if isinstance(rule, validate.Range):
            if not rule.min_inclusive and "minimum" in ret:
                found["exclusiveMinimum"] = ret.pop("minimum")
            if not rule.max_inclusive and "maximum" in ret:
                found["exclusiveMaximum"] = ret.pop("maximum")
    return found


def _address(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """JSON schema calls a URL `uri`."""
    return {"format": "uri"} if isinstance(field, fields.Url) else {}


def _own_kind(_converter: Any, field: fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """The contracts' own kinds of field are written as text, in the way that their docstrings tell."""
    if type(field).__module__ == fields.__name__ or "type" in ret or "$ref" in ret:
        return {}
    kind = ["string", "null"] if field.allow_none else "string"
    return {"type": kind, "description": ret.get("description") or (type(field).__doc__ or "").split("\n")[0]}


def _example(_converter: Any, field: fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    example = EXAMPLES.get(type(field))
    return {"examples": [example]} if example is not None and not {"example", "examples"} & ret.keys() else {}


def never_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of something that a URL cannot have as null: it is left out instead."""
    found = {name: value for name, value in schema.items() if (name, value) != ("default", None)}
    kinds = found.get("type")
    if isinstance(kinds, list):
        rest = [kind for kind in kinds if kind != "null"]
        found["type"] = rest[0] if len(rest) == 1 else rest
    if "enum" in found:
        found["enum"] = [choice for choice in found["enum"] if choice is not None]
    return found


def finish(components: dict[str, Any], views: Mapping[str, type[View]], asked: Mapping[str, Any]) -> None:
    """Describe the views. Those that are only given out have all their fields, and may have more one day."""
    taken_in = set(_referred(asked, components))
    for name, view in views.items():
        schema = components[name]
        schema["description"] = " ".join((view.__doc__ or "").split())
        if name not in taken_in:
            schema["required"] = sorted(schema["properties"])
            schema.pop("additionalProperties", None)


def _referred(schema: Any, components: Mapping[str, Any]) -> Iterator[str]:
    """The components that a schema refers to, and those that they refer to."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            yield name
            yield from _referred(components[name], components)
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _referred(part, components)


def headers(more: str | None) -> dict[str, Any]:
    """The headers of a reply, by reference."""
    names = ["X-Request-Id", *([more] if more else [])]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
