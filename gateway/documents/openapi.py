"""The OpenAPI 3.1 document, made from the route table and the contracts: nothing of it is written by hand.

Apispec turns marshmallow fields into JSON schemas; where it gets one wrong, `gateway.documents.schemas` says it again.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import fields

from chassis.contract import Command, Role, View
from chassis.errors import MatronError
from gateway.documents import choices, examples, links, programs, refusals, schemas
from gateway.route import Entry
from gateway.server import requests

VERSION = "1"
"""Of the interface, not of the program."""
INTRODUCTION = (
    "Ask with JSON, and send the access token of `POST /api/auth/login` as a bearer token. Unknown fields are "
    "refused. Lists come page by page: pass `next` of one page as `cursor` of the next. A parameter that takes "
    "several values takes them with commas between them, or is given several times; any other is given once. What "
    "changes something has none, but that `DELETE` takes there what its body may hold. An `Idempotency-Key` counts "
    "where it stands among the parameters. Elsewhere, as where a reply holds a secret and is not kept, it is passed "
    "over, and the same request again does the same again. An id in a reply can be used at once, in every request; "
    "lists of effects, such as notifications and invoices, may follow a moment later. Every reply "
    "carries `X-Request-Id`; errors are problem documents (RFC 9457), and [their codes are explained](/docs/errors)."
)
LICENSE = {"name": "All rights reserved", "identifier": "LicenseRef-All-Rights-Reserved"}
SERVERS = [{"url": "/", "description": "Where this document is."}]
JSON = "application/json"
PARAMETERS = {
    "Idempotency-Key": {
        "description": "Makes repeating safe: the same key and body get the stored reply, with another body 422.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    },
    "If-Match": {
        "description": (
            'The `ETag` of what is to be changed, or its `revision` in quotation marks, such as `"3"`; 412 when it has '
            "changed meanwhile, and with a tag of another account."
        ),
        "schema": {"type": "string", "pattern": f"^({requests.IF_MATCH.pattern})?$", "examples": ['"3"']},
    },
    "If-None-Match": {
        "description": "The `ETag` of what one has already, whole; 304 when it is still so.",
        "schema": {"type": "string", "examples": ['"3"']},
    },
}


def entries(service: type) -> list[Entry]:
    """The route table of a gateway, by URL and method."""
    found = [getattr(getattr(service, name), "route", None) for name in dir(service)]
    return sorted(filter(None, found), key=lambda line: (line.url, line.method))


def document(service: type) -> dict[str, Any]:
    """The OpenAPI document of a gateway's routes."""
    return _Document(entries(service)).made()


def as_text(made: Mapping[str, Any]) -> str:
    """The document as JSON, always in the same order."""
    return json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


class _Document:
    """A document in the making."""

    def __init__(self, table: list[Entry]) -> None:
        self.table = table
        contracts = [entry.contract for entry in table]
        self.repeated = {contract for contract in contracts if contracts.count(contract) > 1}
        self.views: dict[str, type[View]] = {}
        plugin = MarshmallowPlugin(schema_name_resolver=self._name)
        info = {"description": INTRODUCTION, "license": LICENSE}
        self.spec = APISpec("Matron", VERSION, "3.1.0", info=info, servers=SERVERS, plugins=[plugin])
        self.convert = schemas.prepare(plugin.converter)
        self.asked: dict[str, Any] = {}
        """Schemas of bodies, by path and method; what they refer to is taken in, and not only given out."""
        self.targets = [links.Target(self._operation_id(one), one.url, one.contract, one.roles) for one in table]

    def _name(self, schema: Any) -> Any:
        """A component for each view; None for one that is cut down by `only` or `exclude`, which is written out."""
        if not isinstance(schema, type) and (schema.only is not None or schema.exclude):
            return None
        view: type[View] = schema.record
        if self.views.setdefault(view.__name__, view) is not view:
            raise TypeError(f"two views are called {view.__name__}: {view.__module__} has one of them")
        return view.__name__

    def made(self) -> dict[str, Any]:
        """The whole document."""
        for entry in self.table:
            self.spec.path(path=entry.url, operations={entry.method.lower(): self._operation(entry)})
        for path, operation in programs.PATHS.items():
            self.spec.path(path=path, operations={"get": operation})
        for service in sorted({entry.contract.service for entry in self.table} | {"gateway"}):
            self.spec.tag({"name": service, "description": _tag(self.table, service)})
        self._add_components()
        made = self.spec.to_dict()
        schemas.finish(made["components"]["schemas"], self.views, self.asked)
        choices.name_all(made)
        _add_examples(made)
        return made

    def _add_components(self) -> None:
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        self.spec.components.security_scheme("bearer", bearer)
        self.spec.components.schema("Problem", schemas.PROBLEM)
        for name, parameter in PARAMETERS.items():
            self.spec.components.parameter(name, "header", parameter)
        for name, header in schemas.HEADERS.items():
            self.spec.components.header(name, header)
        for name, (kind, codes) in refusals.SHARED.items():
            self.spec.components.response(name, self._problem(name, kind, codes))

    def _problem(self, name: str, kind: type[MatronError], codes: list[str]) -> dict[str, Any]:
        """A response, whose schema becomes a component: clients then have a type with its codes."""
        self.spec.components.schema(f"{name}Problem", refusals.schema(kind, codes))
        return refusals.response(kind, codes, f"{name}Problem")

    def _refused(self, entry: Entry, kind: type[MatronError], codes: list[str]) -> dict[str, Any]:
        """What one kind of refusal looks like on a route: by reference where others share it."""
        own = self._operation_id(entry).title().replace("_", "")
        return refusals.shared(kind, codes) or self._problem(f"{own}{kind.__name__}", kind, codes)

    def _operation_id(self, entry: Entry) -> str:
        """One command may be reached by several routes: then the caller's part of the URL tells them apart."""
        name, path = entry.contract.method(), entry.url.strip("/").split("/")
        return name if entry.contract not in self.repeated else f"{name}_{path[1]}".replace("-", "_")

    def _operation(self, entry: Entry) -> dict[str, Any]:
        contract = entry.contract
        operation = {
            "operationId": self._operation_id(entry),
            "tags": [contract.service],
            "summary": _text(contract).partition(". ")[0].rstrip("."),
            "description": _description(entry),
            "x-roles": sorted(entry.roles),
            "security": [{"bearer": []}] if entry.roles else [],
            "parameters": self._parameters(entry),
            "responses": self._responses(entry),
        }
        body = self._body(entry)
        return operation if body is None else {**operation, "requestBody": body}

    def _places(self, entry: Entry) -> dict[str, tuple[fields.Field[Any], str]]:
        """Where each field of the command is written: in the path, the query or the body.

        Not the caller's own id, nor what is refused to all who may use the route.
        """
        places = {}
        for name, field in entry.contract.schema().fields.items():
            key = field.data_key or name
            rest = "query" if entry.method == "GET" else "body"
            if key != entry.me and _is_for(field, entry.roles):
                places[key] = field, "path" if f"{{{key}}}" in entry.url else rest
        return places

    def _parameters(self, entry: Entry) -> list[dict[str, Any] | str]:
        found: list[dict[str, Any] | str] = [
            {"name": name, "in": place, "required": place == "path" or field.required, **self._as_parameter(field)}
            for name, (field, place) in self._places(entry).items()
            if place != "body"
        ]
        return [*found, *_headers_of(entry)]

    def _as_parameter(self, field: fields.Field[Any]) -> dict[str, Any]:
        schema = schemas.never_null(self.convert.field2property(field))
        description = schema.pop("description", None)
        words = {"style": "form", "explode": False} if schema.get("type") == "array" else {}  # With commas: `a,b`.
        return {"schema": schema, **words, **({"description": description} if description else {})}

    def _body(self, entry: Entry) -> dict[str, Any] | None:
        members = {name: field for name, (field, place) in self._places(entry).items() if place == "body"}
        if not members:
            return None
        schema = {**self.convert.fields2jsonschema(members), "additionalProperties": False}
        self.asked[f"{entry.method} {entry.url}"] = schema
        return {"required": "required" in schema, "content": {JSON: {"schema": schema}}}

    def _reply(self, view: type[View]) -> Any:
        for one in getattr(view, "one_of", ()):
            self.convert.resolve_nested_schema(one.schema())
        return self.convert.resolve_nested_schema(view.schema())

    def _responses(self, entry: Entry) -> dict[str, Any]:
        view = entry.contract.returns
        tag = ["ETag"] if _has_revision(view) else []
        place = ["Location"] if entry.at else []
        done = {
            "description": (view.__doc__ or "Done.").split("\n")[0],
            "headers": schemas.headers(*tag, *place),
            "content": {JSON: {"schema": self._reply(view)}},
        }
        following = links.of(entry.contract, entry.roles, self.targets)
        if following:
            done["links"] = following
        asked = [field for field, _place in self._places(entry).values()]
        kinds = refusals.of(entry.contract, entry.method, asked)
        refused = {str(kind.status): self._refused(entry, kind, codes) for kind, codes in kinds.items()}
        unchanged = {"304": {"description": "It has not changed.", "headers": schemas.headers("ETag")}}
        return {str(entry.status): done, **refused, **(unchanged if tag and entry.method == "GET" else {})}


def _is_for(field: fields.Field[Any], roles: frozenset[Role]) -> bool:
    """Whether one of these roles may use a field; it says in `metadata` if it is for some alone."""
    return not roles.isdisjoint(field.metadata.get("roles", roles)) or not roles


def _has_revision(view: type[View]) -> bool:
    return "revision" in view.schema().fields


def _headers_of(entry: Entry) -> list[str]:
    """The headers that a route looks at, besides the token."""
    contract = entry.contract
    looked_at = {
        "Idempotency-Key": contract.keyed and not contract.reads,
        "If-Match": contract.revised,
        "If-None-Match": entry.method == "GET" and _has_revision(contract.returns),
    }
    return [name for name, is_looked_at in looked_at.items() if is_looked_at]


def _add_examples(made: dict[str, Any]) -> None:
    """An example of each body and reply, and of each parameter that must be given."""
    components = made["components"]["schemas"]
    for path in made["paths"].values():
        for operation in path.values():
            contents = [operation.get("requestBody", {}), *operation["responses"].values()]
            for content in contents:
                for media in content.get("content", {}).values():
                    if "example" not in media:
                        media["example"] = examples.example_of(media["schema"], components)
            for parameter in operation["parameters"]:
                if parameter.get("required"):
                    parameter["example"] = examples.example_of(parameter["schema"], components)


def _description(entry: Entry) -> str:
    contract, who = entry.contract, ", ".join(sorted(entry.roles)) or "anyone"
    verified = " The e-mail address must have been verified." if contract.verified else ""
    return f"{_text(contract)}\n\nRoles: {who}.{verified}"


def _text(contract: type[Command]) -> str:
    """The docstring as one paragraph."""
    return " ".join((contract.__doc__ or "").split())


def _tag(table: Iterable[Entry], service: str) -> str:
    """What the module of a service's contracts says of itself."""
    names = [f"contracts.{service}", *(e.contract.__module__ for e in table if e.contract.service == service), service]
    module = next(sys.modules[name] for name in names if name in sys.modules)
    return (module.__doc__ or "").split("\n")[0]
