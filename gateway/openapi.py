"""The OpenAPI 3.1 document, made from the route table and the contracts: nothing of it is written by hand.

Apispec turns marshmallow fields into JSON schemas; where it gets one wrong, `gateway.schemas` says it again.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import fields

from chassis import errors
from chassis.contract import Command, View
from chassis.errors import MatronError
from gateway import problems, schemas

VERSION = "1"
"""Of the interface, not of the program."""
INTRODUCTION = (
    "Ask with JSON, and send the access token of `POST /api/auth/login` as a bearer token. Unknown fields are refused. "
    "Lists come page by page: pass `next` of one page as `cursor` of the next. Every reply carries `X-Request-Id`; "
    "errors are problem documents (RFC 9457), and their codes are explained in docs/errors.md."
)
ALWAYS = (
    errors.Unauthenticated,
    errors.Invalid,
    errors.TooMany,
    errors.Internal,
    errors.Unavailable,
    errors.NoAnswer,
)
WITH_BODY = (problems.BadRequest, problems.TooLarge, problems.UnsupportedMedia)
TOLD = re.compile(r"\b([A-Z][A-Za-z]+): ((?:[^.]|\.(?!\s|$))+)")
CODE = re.compile(r"`([a-z][a-z_]+)`")
JSON = "application/json"
KEY = "Idempotency-Key"
KEY_PARAMETER = {
    "description": "Makes repeating safe: the same key and body get the stored reply, with another body 422.",
    "schema": {"type": "string", "maxLength": 255},
}


class Entry(NamedTuple):
    """One line of the route table; `me` is the field that is the caller's own id."""

    url: str
    method: str
    contract: type[Command]
    me: str | None
    status: int


def entries(service: type) -> list[Entry]:
    """The route table of a gateway, by URL and method."""
    found = [getattr(getattr(service, name), "route", None) for name in dir(service)]
    made = [Entry(url, method, *rest) for method, url, *rest in filter(None, found)]
    return sorted(made, key=lambda entry: entry[:2])


def document(service: type) -> dict[str, Any]:
    """The OpenAPI document of a gateway's routes."""
    return _Document().made(entries(service))


def as_text(made: Mapping[str, Any]) -> str:
    """The document as JSON, always in the same order."""
    return json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def codes_of(contract: type[Command]) -> dict[type[MatronError], list[str]]:
    """The refusals that a contract's docstring names, such as `Conflict: `slot_taken`.`, each with its codes."""
    told: dict[type[MatronError], list[str]] = {}
    for name, text in TOLD.findall(_text(contract)):
        kind = getattr(errors, name, None)
        if isinstance(kind, type) and issubclass(kind, MatronError):
            told.setdefault(kind, []).extend(CODE.findall(text))
    return told


class _Document:
    """A document in the making."""

    def __init__(self) -> None:
        self.views: dict[str, type[View]] = {}
        plugin = MarshmallowPlugin(schema_name_resolver=self._name)
        self.spec = APISpec("Matron", VERSION, "3.1.0", info={"description": INTRODUCTION}, plugins=[plugin])
        self.convert = schemas.prepare(plugin.converter)
        self.asked: dict[str, Any] = {}
        """Schemas of bodies, by path and method; what they refer to is taken in, and not only given out."""

    def _name(self, schema: Any) -> Any:
        """A component for each view; None for one that is cut down by `only` or `exclude`, which is written out."""
        if not isinstance(schema, type) and (schema.only is not None or schema.exclude):
            return None
        view = schema if isinstance(schema, type) else type(schema)
        if self.views.setdefault(view.__name__, view) is not view:
            raise TypeError(f"two views are called {view.__name__}: {view.__module__} has one of them")
        return view.__name__

    def made(self, table: Iterable[Entry]) -> dict[str, Any]:
        """The whole document."""
        table = list(table)
        repeated = {entry.contract for entry in table if [other.contract for other in table].count(entry.contract) > 1}
        for entry in table:
            operation = self._operation(entry, unique=entry.contract not in repeated)
            self.spec.path(path=entry.url, operations={entry.method.lower(): operation})
        for service in sorted({entry.contract.service for entry in table}):
            self.spec.tag({"name": service, "description": _tag(table, service)})
        self._add_components()
        made = self.spec.to_dict()
        schemas.finish(made["components"]["schemas"], self.views, self.asked)
        return made

    def _add_components(self) -> None:
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        self.spec.components.security_scheme("bearer", bearer)
        self.spec.components.parameter(KEY, "header", KEY_PARAMETER)
        self.spec.components.schema("Problem", schemas.PROBLEM)
        for name, header in schemas.HEADERS.items():
            self.spec.components.header(name, header)
        for kind in (*ALWAYS, *WITH_BODY, errors.Forbidden, errors.NotFound, errors.Conflict):
            self.spec.components.response(kind.__name__, _problem(kind, ()))

    def _operation(self, entry: Entry, *, unique: bool) -> dict[str, Any]:
        contract, name = entry.contract, entry.contract.method()
        path = entry.url.strip("/").split("/")
        operation = {
            # One command may be reached by several routes: then the caller's part of the URL tells them apart.
            "operationId": name if unique else f"{name}_{path[1]}".replace("-", "_"),
            "tags": [contract.service],
            "summary": _text(contract).partition(". ")[0].rstrip("."),
            "description": _description(contract),
            "x-roles": sorted(contract.roles),
            "security": [{"bearer": []}] if contract.roles else [],
            "parameters": self._parameters(entry),
            "responses": self._responses(entry),
        }
        body = self._body(entry)
        return operation if body is None else {**operation, "requestBody": body}

    def _places(self, entry: Entry) -> dict[str, tuple[fields.Field[Any], str]]:
        """Where each field of the command is written: in the path, the query or the body; not the caller's own id."""
        places = {}
        for name, field in entry.contract.schema().fields.items():
            key = field.data_key or name
            rest = "query" if entry.method == "GET" else "body"
            if key != entry.me:
                places[key] = field, "path" if f"{{{key}}}" in entry.url else rest
        return places

    def _parameters(self, entry: Entry) -> list[dict[str, Any] | str]:
        found: list[dict[str, Any] | str] = [
            {"name": name, "in": place, "required": place == "path" or field.required, **self._as_parameter(field)}
            for name, (field, place) in self._places(entry).items()
            if place != "body"
        ]
        keyed = entry.method == "POST" and entry.contract.keyed and not entry.contract.reads
        return [*found, KEY] if keyed else found

    def _as_parameter(self, field: fields.Field[Any]) -> dict[str, Any]:
        schema = schemas.never_null(self.convert.field2property(field))
        description = schema.pop("description", None)
        return {"schema": schema, **({"description": description} if description else {})}

    def _body(self, entry: Entry) -> dict[str, Any] | None:
        members = {name: field for name, (field, place) in self._places(entry).items() if place == "body"}
        if not members:
            return None
        schema = {**self.convert.fields2jsonschema(members), "additionalProperties": False}
        self.asked[f"{entry.method} {entry.url}"] = schema
        return {"required": "required" in schema, "content": {JSON: {"schema": schema}}}

    def _responses(self, entry: Entry) -> dict[str, Any]:
        told, view = codes_of(entry.contract), entry.contract.returns
        kinds: set[type[MatronError]] = {*ALWAYS, *told, *_more_kinds(entry, self._places(entry))}
        done = {
            "description": (view.__doc__ or "Done.").split("\n")[0],
            "headers": schemas.headers("ETag" if "revision" in view.schema().fields else None),
            "content": {JSON: {"schema": self.convert.resolve_nested_schema(view)}},
        }
        refused = {str(kind.status): _problem(kind, told[kind]) if told.get(kind) else kind.__name__ for kind in kinds}
        return {str(entry.status): done, **refused}


def _more_kinds(entry: Entry, places: Mapping[str, tuple[fields.Field[Any], str]]) -> set[type[MatronError]]:
    """What can go wrong besides what always can: as the right, the records that are named, and the body have it."""
    kinds: set[type[MatronError]] = set()
    if entry.contract.roles:
        kinds.add(errors.Forbidden)
    if any(isinstance(field, fields.UUID) for field, _place in places.values()):
        kinds.add(errors.NotFound)
    if not entry.contract.reads:
        kinds.add(errors.Conflict)
    if any(place == "body" for _field, place in places.values()):
        kinds.update(WITH_BODY)
    return kinds


def _problem(kind: type[MatronError], codes: Iterable[str]) -> dict[str, Any]:
    named = ", ".join(f"`{code}`" for code in codes)
    return {
        "description": f"{kind.title}: {named}." if named else f"{kind.title}.",
        "headers": schemas.headers("Retry-After" if kind in (errors.TooMany, errors.Unavailable) else None),
        "content": {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _description(contract: type[Command]) -> str:
    who = ", ".join(sorted(contract.roles)) or "anyone"
    verified = " The e-mail address must have been verified." if contract.verified else ""
    return f"{_text(contract)}\n\nRoles: {who}.{verified}"


def _text(contract: type[Command]) -> str:
    """The docstring as one paragraph."""
    return " ".join((contract.__doc__ or "").split())


def _tag(table: Iterable[Entry], service: str) -> str:
    module = next(entry.contract.__module__ for entry in table if entry.contract.service == service)
    return (sys.modules[module].__doc__ or "").split("\n")[0]
