"""The OpenAPI 3.1 document, generated from the route table and the contracts. Only its introduction is written by hand.

Apispec turns marshmallow fields into JSON schemas, and `gateway.documents.schemas` corrects what apispec gets wrong.
"""

import json
from collections.abc import Mapping
from typing import cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import fields

from chassis.contract import Command, Role, View
from chassis.errors import MatronError
from gateway.documents import choices, examples, files, introduction, links, programs, refusals, schemas
from gateway.documents.objects import (
    Body,
    Document,
    Media,
    Operation,
    Parameter,
    Response,
    Schema,
    media_of,
    operations_of,
    parameters_of,
)
from gateway.documents.tags import DESCRIPTIONS, TAGS, Tag, tag_of
from gateway.route import Entry
from gateway.server import requests
from records.record import Derived, Record

VERSION = "1"
"""The version of the interface, not of the program."""
LICENSE = {"name": "All rights reserved", "identifier": "LicenseRef-All-Rights-Reserved"}
SERVERS = [{"url": "/", "description": "The server of this document."}]
JSON = "application/json"
PARAMETERS: dict[str, Parameter] = {
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


def document(service: type, tags: Mapping[str, Tag] = TAGS) -> Document:
    """Return the OpenAPI document of a gateway's routes, grouped by the tags of their contract modules."""
    return _Builder(entries(service), tags).made()


def as_text(made: Mapping[str, object]) -> str:
    """Return the document as JSON with sorted keys."""
    return json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


class _Builder:
    """Builds a document."""

    def __init__(self, table: list[Entry], tags: Mapping[str, Tag]) -> None:
        self.table, self.tags = table, tags
        contracts = [entry.contract for entry in table]
        self.repeated = {contract for contract in contracts if contracts.count(contract) > 1}
        self.views: dict[str, type[Record]] = {}
        plugin = MarshmallowPlugin(schema_name_resolver=self._name)
        info = {"description": introduction.TEXT, "license": LICENSE}
        self.spec = APISpec("Matron", VERSION, "3.1.0", info=info, servers=SERVERS, plugins=[plugin])
        self.convert = schemas.prepare(plugin)
        self.asked: list[Schema] = []
        """Schemas of request bodies."""
        self.targets = [links.Target(self._operation_id(e), e.url, e.contract, e.roles) for e in table]

    def _name(self, schema: object) -> str:
        """Return the component name of a view. Empty: `only` or `exclude` shortens it, so it is written inline."""
        if not isinstance(schema, Derived):
            raise TypeError(f"{schema!r} is not the schema of a record")
        if schema.only is not None or schema.exclude:
            return ""
        view = schema.record
        if self.views.setdefault(view.__name__, view) is not view:
            raise TypeError(f"two views are called {view.__name__}: {view.__module__} has one of them")
        return view.__name__

    def made(self) -> Document:
        """Return the whole document."""
        for entry in self.table:
            self.spec.path(path=entry.url, operations={entry.method.lower(): self._operation(entry)})
        for path, operation in programs.PATHS.items():
            self.spec.path(path=path, operations={"get": operation})
        used = {tag_of(entry.contract, self.tags) for entry in self.table} | programs.TAGS
        for tag in (tag for tag in Tag if tag in used):
            self.spec.tag({"name": tag.value, "description": DESCRIPTIONS[tag]})
        self._add_components()
        made = cast("Document", self.spec.to_dict())
        schemas.finish(made["components"]["schemas"], self.views, self.asked)
        choices.name_all(made)
        _add_examples(made)
        return made

    def _add_components(self) -> None:
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        self.spec.components.security_scheme("bearer", bearer)
        self.spec.components.schema("Problem", dict(schemas.PROBLEM))
        for name, parameter in PARAMETERS.items():
            self.spec.components.parameter(name, "header", dict(parameter))
        for name, header in schemas.HEADERS.items():
            self.spec.components.header(name, dict(header))
        for name, (kind, codes) in refusals.SHARED.items():
            self.spec.components.response(name, dict(self._problem(name, kind, codes)))

    def _problem(self, name: str, kind: type[MatronError], codes: list[str]) -> Response:
        """Return a response. Its schema becomes a component, so that generated clients have a type with its codes."""
        self.spec.components.schema(f"{name}Problem", dict(refusals.schema(kind, codes)))
        return refusals.response(kind, codes, f"{name}Problem")

    def _refused(self, entry: Entry, kind: type[MatronError], codes: list[str]) -> Response:
        """Return the response of one kind of refusal: a reference if several routes share it."""
        own = self._operation_id(entry).title().replace("_", "")
        return refusals.shared(kind, codes) or self._problem(f"{own}{kind.__name__}", kind, codes)

    def _operation_id(self, entry: Entry) -> str:
        """Return the command's name. If several routes share the command, add the area of the URL, such as `staff`."""
        name, path = entry.contract.method(), entry.url.strip("/").split("/")
        return name if entry.contract not in self.repeated else f"{name}_{path[1]}".replace("-", "_")

    def _operation(self, entry: Entry) -> Operation:
        contract = entry.contract
        operation: Operation = {
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

    def _locations(self, entry: Entry) -> dict[str, tuple[fields.Field[object], str]]:
        """Return where a request writes each field: in the path, the query or the body.

        The caller's own id is left out, and so are fields that the route's roles may not use.
        """
        locations = {}
        for name, field in entry.contract.schema().fields.items():
            key = field.data_key or name
            rest = "query" if entry.method == "GET" else "body"
            is_made = entry.form is not None and key == entry.form.field  # The gateway writes it.
            if key != entry.me and not is_made and _is_for(field, entry.roles):
                locations[key] = field, "path" if f"{{{key}}}" in entry.url else rest
        return locations

    def _parameters(self, entry: Entry) -> list[Parameter | str]:
        found: list[Parameter | str] = [
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

    def _as_parameter(self, field: fields.Field[object]) -> Parameter:
        schema = schemas.never_null(self.convert.field2property(field))
        description, made = schema.pop("description", ""), Parameter(schema=schema)
        if schema.get("type") == "array":
            made |= {"style": "form", "explode": False}  # With commas: `a,b`.
        return {**made, "description": description} if description else made

    def _body(self, entry: Entry) -> Body | None:
        members = {name: field for name, (field, location) in self._locations(entry).items() if location == "body"}
        if not members:
            return None
        schema: Schema = {**self.convert.fields2jsonschema(members), "additionalProperties": False}
        self.asked.append(schema)
        if entry.form is None:
            return {"required": "required" in schema, "content": {JSON: {"schema": schema}}}
        return {"required": True, "content": files.content_of(entry.form, schema)}

    def _reply(self, view: type[View]) -> Schema:
        for option in getattr(view, "one_of", ()):
            self.convert.resolve_nested_schema(option.schema())
        return self.convert.resolve_nested_schema(view.schema())

    def _content(self, entry: Entry) -> dict[str, Media]:
        """Return the media types of a reply: a file, JSON, or both."""
        if entry.media and JSON not in entry.media:
            return files.reply_of(entry.media)
        shown = files.reply_of(each for each in entry.media if each != JSON) if entry.media else {}
        return {JSON: {"schema": self._reply(entry.contract.returns)}, **shown}

    def _responses(self, entry: Entry) -> dict[str, Response]:
        view = entry.contract.returns
        tag = ["ETag"] if _has_revision(view) or files.is_stored(entry) else []
        created = ["Location"] if entry.at else []
        done: Response = {
            "description": "The file." if entry.media else (view.__doc__ or "Done.").split("\n")[0],
            "headers": schemas.headers(*tag, *created),
            "content": self._content(entry),
        }
        following = links.of(entry.contract, entry.roles, self.targets)
        if following and not entry.media:
            done["links"] = following
        asked = [field for field, _location in self._locations(entry).values()]
        kinds = refusals.of(entry.contract, entry.method, asked, files.refusals_of(entry))
        refused = {str(kind.status): self._refused(entry, kind, codes) for kind, codes in kinds.items()}
        unchanged: dict[str, Response] = {
            "304": {"description": "The record has not changed.", "headers": schemas.headers("ETag")}
        }
        return {str(entry.status): done, **refused, **(unchanged if tag and entry.method == "GET" else {})}


def _is_for(field: fields.Field[object], roles: frozenset[Role]) -> bool:
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
        "If-None-Match": entry.method == "GET" and (_has_revision(contract.returns) or files.is_stored(entry)),
    }
    return [name for name, reads in is_read.items() if reads]


def _add_examples(made: Document) -> None:
    """Add an example to each body, reply and required parameter."""
    components = made["components"]["schemas"]
    for operation in operations_of(made):
        for media in media_of(operation):
            if "example" not in media:
                media["example"] = examples.example_of(media["schema"], components)
        for parameter in parameters_of(operation):
            if parameter["required"]:
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
