"""JSON schemas of fields and views: corrections of what apispec gets wrong, examples, and members of replies."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, cast

from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import ValidationError, fields, validate

from gateway.documents import examples
from gateway.documents.objects import Header, Json, Schema, referred
from records.record import Derived, Record

UUID = "01919c5e-0000-7000-8000-0000000000a1"
EXAMPLES: dict[type, str] = {
    fields.AwareDateTime: "2026-11-23T09:00:00+00:00",
    fields.Date: "2026-11-23",
    fields.Time: "09:00",
    fields.Email: "asha@example.org",
}
LONG_CHOICE = 50
"""Longer choices, such as time zones, are not written out: they differ between machines."""
IDS: Schema = {"type": "array", "items": {"type": "string", "format": "uuid"}}
PROBLEM: Schema = {
    "type": "object",
    "description": "A problem document (RFC 9457). Some codes have further members for programs.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "`urn:matron:error:` and the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "The error, for programs. `/docs/errors` explains each code."},
        "detail": {"type": "string", "description": "The error, for people."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "object",
            "description": "With 422: the messages of each field, nested as the fields of lists and objects are.",
            "additionalProperties": {
                "anyOf": [
                    {"type": "array", "items": {"type": "string"}},
                    {"type": "object", "additionalProperties": True},
                ]
            },
        },
        "state": {"type": "string", "description": "With 409: the present state of the record."},
        "revision": {"type": "integer", "description": "With 412: the present revision."},
        "appointment_id": {**IDS["items"], "description": "With 409: the appointment that conflicts."},
        "appointment_ids": {**IDS, "description": "With 409: the appointments that conflict."},
        "patient_ids": {**IDS, "description": "With 409: existing patients who may be the same person."},
        "findings": {
            "type": "array",
            "items": {"type": "object"},
            "description": "With 409 `medication_findings`: all findings of the check, as in `checks.findings`.",
        },
        "checks": {"type": "object", "description": "With 409: the whole check of the medicines."},
        "hours": {"type": "number", "description": "With 409: the hours that the person would work in 7 days."},
        "open_minor": {"type": "integer", "description": "With 409: the unpaid amount, in minor units."},
    },
    "examples": [
        {
            "type": "urn:matron:error:slot_taken",
            "title": "Conflict",
            "status": 409,
            "code": "slot_taken",
            "detail": "Another appointment has this time.",
            "request_id": UUID,
        }
    ],
}
ETAG = (
    'The version of the record: its `revision` in quotation marks, `"3"`. Where one path shows each account its own '
    'record, such as `/api/users/me`, the tag also has a mark of the account: `"3.5f0c1a9be2d4"`.'
)
HEADERS: dict[str, Header] = {
    "X-Request-Id": {"description": "The id of this request, for problem reports.", "schema": {"type": "string"}},
    "ETag": {"description": ETAG, "schema": {"type": "string", "examples": ['"3"', '"3.5f0c1a9be2d4"']}},
    "Location": {"description": "The URL of the new record.", "schema": {"type": "string", "format": "uri-reference"}},
    "Retry-After": {"description": "Seconds to wait before the next request.", "schema": {"type": "integer"}},
    "RateLimit-Limit": {"description": "Requests allowed in a window.", "schema": {"type": "integer"}},
    "RateLimit-Remaining": {"description": "Requests left in this window.", "schema": {"type": "integer"}},
    "RateLimit-Reset": {"description": "Seconds until the window ends.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "The authentication scheme.", "schema": {"type": "string"}},
}


class Converter(Protocol):
    """The methods of apispec's converter that this package uses. apispec itself leaves them untyped."""

    def add_attribute_function(self, func: Callable[..., Schema]) -> None:
        """Add a correction to the schemas of all fields."""

    def field2property(self, field: fields.Field[object]) -> Schema:
        """Return the schema of a field."""

    def fields2jsonschema(self, fields: Mapping[str, fields.Field[object]]) -> Schema:
        """Return the schema of an object with these members."""

    def resolve_nested_schema(self, schema: Derived) -> Schema:
        """Return the reference to a view, which becomes a component."""


def prepare(plugin: MarshmallowPlugin) -> Converter:
    """Return apispec's converter with the corrections of this module."""
    converter = cast("Converter", plugin.converter)
    for correction in (
        _enumeration,
        _long_choice,
        _pattern,
        _time,
        _decimal,
        _open_range,
        _address,
        _own_kind,
        _example,
    ):
        converter.add_attribute_function(correction)
    return converter


def _enumeration(_converter: object, field: fields.Field[object], ret: Schema) -> Schema:
    """Add the type, which apispec leaves out for an Enum by value."""
    if not isinstance(field, fields.Enum) or "type" in ret:
        return {}
    kinds = {type(value) for value in ret["enum"] if value is not None}
    kind = "integer" if kinds == {int} else "string"
    return {"type": [kind, "null"] if field.allow_none else kind}


def _long_choice(_converter: object, _field: fields.Field[object], ret: Schema) -> Schema:
    if len(ret.get("enum", ())) > LONG_CHOICE:
        del ret["enum"]
    return {}


def _pattern(_converter: object, _field: fields.Field[object], ret: Schema) -> Schema:
    r"""Write the end of a text as `$`: JSON Schema has no `\Z`, and its `$` never matches before a line break."""
    return {"pattern": re.sub(r"\\[Zz]$", "$", ret["pattern"])} if "pattern" in ret else {}


def _time(_converter: object, field: fields.Field[object], ret: Schema) -> Schema:
    """Describe hours and minutes by a pattern: JSON Schema has no format for them."""
    short = isinstance(field, fields.Time) and field.format == "%H:%M"
    return {"pattern": "^([01]?[0-9]|2[0-3]):[0-5]?[0-9]$"} if short and "pattern" not in ret else {}


def _decimal(_converter: object, field: fields.Field[object], ret: Schema) -> Schema:
    """Describe a Decimal that is sent as text: it has no numeric limits."""
    if not isinstance(field, fields.Decimal) or not field.as_string:
        return {}
    ret.pop("minimum", None)
    ret.pop("maximum", None)
    return {"type": ["string", "null"] if field.allow_none else "string", "format": "decimal"}


def _open_range(_converter: object, field: fields.Field[object], ret: Schema) -> Schema:
    """Mark the exclusive ends of a range, which apispec describes as inclusive."""
    found: Schema = {}
    for rule in field.validators:
        if isinstance(rule, validate.Range):
            if not rule.min_inclusive and "minimum" in ret:
                found["exclusiveMinimum"] = ret.pop("minimum")
            if not rule.max_inclusive and "maximum" in ret:
                found["exclusiveMaximum"] = ret.pop("maximum")
    return found


def _address(_converter: object, field: fields.Field[object], **_: object) -> Schema:
    """Use the format `uri`, as JSON Schema calls a URL."""
    return {"format": "uri"} if isinstance(field, fields.Url) else {}


def _own_kind(_converter: object, field: fields.Field[object], ret: Schema) -> Schema:
    """Describe a field class of the contracts: as text, or by the class's own `json_schema`."""
    if type(field).__module__ == fields.__name__ or "type" in ret or "$ref" in ret:
        return {}
    description = ret.get("description") or (type(field).__doc__ or "").split("\n")[0]
    own: Schema | None = getattr(field, "json_schema", None)
    if own is not None:
        return {**own, "description": description}
    kind = ["string", "null"] if field.allow_none else "string"
    return {"type": kind, "description": description}


def _example(_converter: object, field: fields.Field[object], ret: Schema) -> Schema:
    """Add an example: the field's own, or that of its name or type. Lists and views combine those of their parts."""
    if "examples" in ret or "enum" in ret or isinstance(field, fields.Nested):
        return {}
    if "example" in ret:
        return {"examples": [ret.pop("example")]}
    if isinstance(field, fields.UUID):
        return {"examples": [examples.id_of(field)]}
    named = examples.NAMED.get(field.data_key or field.name or "")
    if named is not None and _accepts(field, named):
        return {"examples": [named]}
    kind = next((base for base in type(field).__mro__ if base in EXAMPLES), None)
    return {} if kind is None else {"examples": [EXAMPLES[kind]]}


def _accepts(field: fields.Field[object], value: Json) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def never_null(schema: Schema) -> Schema:
    """Return the schema without null: a URL has no null, and leaves the parameter out instead."""
    found = schema.copy()
    if found.get("default") is None:
        found.pop("default", None)
    kinds = found.get("type")
    if isinstance(kinds, list):
        rest = [kind for kind in kinds if kind != "null"]
        found["type"] = rest[0] if len(rest) == 1 else rest
    if "enum" in found:
        found["enum"] = [choice for choice in found["enum"] if choice is not None]
    return found


def finish(components: dict[str, Schema], views: Mapping[str, type[Record]], asked: Iterable[Schema]) -> None:
    """Describe the views. A view that only replies use has all its fields, and may get more in a later version."""
    in_requests = {name for schema in asked for name in referred(schema, components)}
    for name, view in views.items():
        schema = components[name]
        schema["description"] = " ".join((view.__doc__ or "").split())
        alternatives = getattr(view, "one_of", ())
        if alternatives:
            options: list[Schema] = [{"$ref": f"#/components/schemas/{option.__name__}"} for option in alternatives]
            components[name] = {"description": schema["description"], "oneOf": options}
        elif name not in in_requests:
            schema["required"] = sorted(schema["properties"].keys() - _sometimes(view))
            schema.pop("additionalProperties", None)


def _sometimes(view: type[Record]) -> set[str]:
    """Return the members that a reply may leave out."""
    declared = view.schema().fields.items()
    return {field.data_key or name for name, field in declared if field.metadata.get("sometimes")}


def headers(*more: str) -> dict[str, Header]:
    """Return the headers of a reply, by reference."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *more)}
