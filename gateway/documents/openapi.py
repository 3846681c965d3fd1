"""The OpenAPI 3.1 document, generated from the route table and the contracts. Only its introduction is written by hand.

Apispec turns marshmallow fields into JSON schemas, and `gateway.documents.schemas` corrects what apispec gets wrong.
"""

import json
from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import fields

from chassis.contract import Command, Role, View
from chassis.errors import MatronError
from gateway.documents import choices, examples, introduction, links, programs, refusals, schemas
from gateway.documents.tags import DESCRIPTIONS, TAGS, Tag, tag_of
from gateway.route import Entry
from gateway.server import requests

VERSION = "1"
"""The version of the interface, not of the program."""
LICENSE = {"name": "All rights reserved", "identifier": "LicenseRef-All-Rights-Reserved"}
SERVERS = [{"url": "/", "description": "The server of this document."}]
JSON = "application/json"
PARAMETERS = {
    "Idempotency-Key": {
        "description": (
            "Makes a retry safe. The same key and body return the stored reply; another body gets 422 `key_reused`."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    },
    "If-Match": {
        "description": (
            'The `ETag` of the record, or its `revision` in quotation marks, such as `"3"`. If the record has '
            "changed, or the tag is that of another account, the reply is 412."
        ),
        "schema": {"type": "string", "pattern": f"^({requests.IF_MATCH.pattern})?$", "examples": ['"3"']},
    },
    "If-None-Match": {
        "description": "The `ETag` of the client's copy. If nothing has changed, the reply is 304 without a body.",
        "schema": {"type": "string", "examples": ['"3"']},
    },
}


def entries(service: type) -> list[Entry]:
    """Return the route table of a gateway, sorted by URL and method."""
    found = [getattr(getattr(service, name), "route", None) for name in dir(service)]
    return sorted(filter(None, found), key=lambda entry: (entry.url, entry.method))


def document(service: type, tags: Mapping[str, Tag] = TAGS) -> dict[str, Any]:
    """Return the OpenAPI document of a gateway's routes, grouped by the tags of their contract modules."""
    return _Document(entries(service), tags).made()


def as_text(made: Mapping[str, Any]) -> str:
    """Return the document as JSON with sorted keys."""
    return json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


class _Document:
    """Builds a document."""

    def __init__(self, table: list[Entry], tags: Mapping[str, Tag]) -> None:
        self.table, self.tags = table, tags
        contracts = [entry.contract for entry in table]
        self.repeated = {contract for contract in contracts if contracts.count(contract) > 1}
        self.views: dict[str, type[View]] = {}
        plugin = MarshmallowPlugin(schema_name_resolver=self._name)
        info = {"description": introduction.TEXT, "license": LICENSE}
        self.spec = APISpec("Matron", VERSION, "3.1.0", info=info, servers=SERVERS, plugins=[plugin])
        self.convert = schemas.prepare(plugin.converter)
        self.asked: dict[str, Any] = {}
        """Schemas of request bodies, by path and method."""
        self.targets = [links.Target(self._operation_id(e), e.url, e.contract, e.roles) for e in table]

    def _name(self, schema: Any) -> Any:
        """Return the component name of a view. None: `only` or `exclude` shortens the view, so it is written inline."""
        if not isinstance(schema, type) and (schema.only is not None or schema.exclude):
            return None
        view: type[View] = schema.record
        if self.views.setdefault(view.__name__, view) is not view:
            raise TypeError(f"two views are called {view.__name__}: {view.__module__} has one of them")
        return view.__name__

    def made(self) -> dict[str, Any]:
        """Return the whole document."""
        for entry in self.table:
            self.spec.path(path=entry.url, operations={entry.method.lower(): self._operation(entry)})
        for path, operation in programs.PATHS.items():
            self.spec.path(path=path, operations={"get": operation})
        used = {tag_of(entry.contract, self.tags) for entry in self.table} | programs.TAGS
        for tag in (tag for tag in Tag if tag in used):
            self.spec.tag({"name": tag.value, "description": DESCRIPTIONS[tag]})
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
        """Return a response. Its schema becomes a component, so that generated clients have a type with its codes."""
        self.spec.components.schema(f"{name}Problem", refusals.schema(kind, codes))
        return refusals.response(kind, codes, f"{name}Problem")

    def _refused(self, entry: Entry, kind: type[MatronError], codes: list[str]) -> dict[str, Any]:
        """Return the response of one kind of refusal: a reference if several routes share it."""
        own = self._operation_id(entry).title().replace("_", "")
        return refusals.shared(kind, codes) or self._problem(f"{own}{kind.__name__}", kind, codes)

    def _operation_id(self, entry: Entry) -> str:
        """Return the command's name. If several routes share the command, add the area of the URL, such as `staff`."""
        name, path = entry.contract.method(), entry.url.strip("/").split("/")
        return name if entry.contract not in self.repeated else f"{name}_{path[1]}".replace("-", "_")

    def _operation(self, entry: Entry) -> dict[str, Any]:
        contract = entry.contract
        operation = {
            "operationId": self._operation_id(entry),
            "tags": [tag_of(contract, self.tags).value],
            "summary": _sentences(contract)[0],
            "description": _description(entry),
            "x-roles": sorted(entry.roles),
            "security": [{"bearer": []}] if entry.roles else [],
            "parameters": self._parameters(entry),
            "responses": self._responses(entry),
        }
        body = self._body(entry)
        return operation if body is None else {**operation, "requestBody": body}

    def _locations(self, entry: Entry) -> dict[str, tuple[fields.Field[Any], str]]:
        """Return where a request writes each field: in the path, the query or the body.

        The caller's own id is left out, and so are fields that the route's roles may not use.
        """
        locations = {}
        for name, field in entry.contract.schema().fields.items():
            key = field.data_key or name
            rest = "query" if entry.method == "GET" else "body"
            if key != entry.me and _is_for(field, entry.roles):
                locations[key] = field, "path" if f"{{{key}}}" in entry.url else rest
        return locations

    def _parameters(self, entry: Entry) -> list[dict[str, Any] | str]:
        found: list[dict[str, Any] | str] = [
            {
                "name": name,
                "in": location,
                "required": location == "path" or field.required,
                **self._as_parameter(field),
            }
            for name, (field, location) in self._locations(entry).items()
            if location != "body"
        ]
        return [*found, *_headers_of(entry)]

    def _as_parameter(self, field: fields.Field[Any]) -> dict[str, Any]:
        schema = schemas.never_null(self.convert.field2property(field))
        description = schema.pop("description", None)
        words = {"style": "form", "explode": False} if schema.get("type") == "array" else {}  # With commas: `a,b`.
        return {"schema": schema, **words, **({"description": description} if description else {})}

    def _body(self, entry: Entry) -> dict[str, Any] | None:
        members = {name: field for name, (field, location) in self._locations(entry).items() if location == "body"}
        if not members:
            return None
        schema = {**self.convert.fields2jsonschema(members), "additionalProperties": False}
        self.asked[f"{entry.method} {entry.url}"] = schema
        return {"required": "required" in schema, "content": {JSON: {"schema": schema}}}

    def _reply(self, view: type[View]) -> Any:
        for option in getattr(view, "one_of", ()):
            self.convert.resolve_nested_schema(option.schema())
        return self.convert.resolve_nested_schema(view.schema())

    def _responses(self, entry: Entry) -> dict[str, Any]:
        view = entry.contract.returns
        tag = ["ETag"] if _has_revision(view) else []
        created = ["Location"] if entry.at else []
        done = {
            "description": (view.__doc__ or "Done.").split("\n")[0],
            "headers": schemas.headers(*tag, *created),
            "content": {JSON: {"schema": self._reply(view)}},
        }
        following = links.of(entry.contract, entry.roles, self.targets)
        if following:
            done["links"] = following
        asked = [field for field, _location in self._locations(entry).values()]
        kinds = refusals.of(entry.contract, entry.method, asked)
        refused = {str(kind.status): self._refused(entry, kind, codes) for kind, codes in kinds.items()}
        unchanged = {"304": {"description": "The record has not changed.", "headers": schemas.headers("ETag")}}
        return {str(entry.status): done, **refused, **(unchanged if tag and entry.method == "GET" else {})}


def _is_for(field: fields.Field[Any], roles: frozenset[Role]) -> bool:
    """Whether one of these roles may use a field. The field's `metadata` limits it to some roles."""
    return not roles.isdisjoint(field.metadata.get("roles", roles)) or not roles


def _has_revision(view: type[View]) -> bool:
    return "revision" in view.schema().fields


def _headers_of(entry: Entry) -> list[str]:
    """Return the headers that a route reads, besides the token."""
    contract = entry.contract
    is_read = {
        "Idempotency-Key": contract.keyed and not contract.reads,
        "If-Match": contract.revised,
        "If-None-Match": entry.method == "GET" and _has_revision(contract.returns),
    }
    return [name for name, reads in is_read.items() if reads]


def _add_examples(made: dict[str, Any]) -> None:
    """Add an example to each body, reply and required parameter."""
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
    """Return the rest of the contract's docstring, and the roles. The summary shows the first sentence."""
    roles = ", ".join(sorted(entry.roles)) or "anyone, without a token"
    verified = " The account's e-mail address must be verified." if entry.contract.verified else ""
    return f"{_sentences(entry.contract)[1]}\n\nRoles: {roles}.{verified}".strip()


def _sentences(contract: type[Command]) -> tuple[str, str]:
    """Return the first sentence of the docstring, without its full stop, and the other sentences."""
    first, _, rest = " ".join((contract.__doc__ or "").split()).partition(". ")
    return first.rstrip("."), rest
