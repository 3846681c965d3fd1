"""The objects of OpenAPI 3.1 that this package writes and reads, by their names in the specification.

AsyncAPI 3.0 has the same Schema Object.
"""

# ruff: noqa: N815  the specification names these members

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypedDict

Json = Mapping[str, "Json"] | Sequence["Json"] | str | float | bool | None
"""A JSON value."""
Choice = str | int | None
"""A member of an enumeration."""
Reference = TypedDict("Reference", {"$ref": str}, total=False)
"""A reference to a component. Most objects may be a reference instead."""
_Marks = TypedDict("_Marks", {"x-alone": bool}, total=False)


class Schema(Reference, _Marks, total=False):
    """A JSON schema. `x-alone` marks a member that excludes the others."""

    type: str | list[str]
    format: str
    description: str
    const: Json
    default: Json
    enum: list[Choice]
    example: Json
    examples: list[Json]
    pattern: str
    minLength: int
    maxLength: int
    minimum: float
    maximum: float
    exclusiveMinimum: float
    exclusiveMaximum: float
    items: "Schema"
    minItems: int
    maxItems: int
    writeOnly: bool
    properties: dict[str, "Schema"]
    additionalProperties: "bool | Schema"
    required: list[str]
    allOf: "list[Schema]"
    anyOf: "list[Schema]"
    oneOf: "list[Schema]"


class Header(Reference, total=False):
    """A header of a reply."""

    description: str
    schema: Schema


class Media(TypedDict, total=False):
    """The content of a body in one media type."""

    schema: Schema
    example: Json
    encoding: dict[str, dict[str, str]]


class Body(TypedDict):
    """The body of a request."""

    required: bool
    content: dict[str, Media]


class Link(TypedDict):
    """A link from a reply to an operation that takes an id of it."""

    operationId: str
    parameters: dict[str, str]


class Response(Reference, total=False):
    """A reply."""

    description: str
    headers: dict[str, Header]
    content: dict[str, Media]
    links: dict[str, Link]


_Place = TypedDict("_Place", {"in": str}, total=False)


class Parameter(Reference, _Place, total=False):
    """A parameter of the path, the query or the head."""

    name: str
    required: bool
    description: str
    schema: Schema
    style: str
    explode: bool
    example: Json


_Roles = TypedDict("_Roles", {"x-roles": list[str]}, total=False)


class Operation(_Roles, total=False):
    """A method of a path. `x-roles` lists the roles that may call it.

    A parameter may be the name of a component until apispec has written the document.
    """

    operationId: str
    tags: list[str]
    summary: str
    description: str
    security: list[dict[str, list[str]]]
    parameters: list[Parameter | str]
    requestBody: Body
    responses: dict[str, Response]


class Components(TypedDict, total=False):
    """The parts of a document that others refer to; this package reads only the schemas."""

    schemas: dict[str, Schema]


class Document(TypedDict):
    """The whole document; this package reads only its paths and components."""

    paths: dict[str, dict[str, Operation]]
    components: Components


COMBINED: tuple[Literal["allOf", "oneOf", "anyOf"], ...] = ("allOf", "oneOf", "anyOf")
"""The members of a schema that list further schemas."""


def operations_of(made: Document) -> list[Operation]:
    """Return the operations of all paths."""
    return [operation for path in made["paths"].values() for operation in path.values()]


def parameters_of(operation: Operation) -> list[Parameter]:
    """Return the parameters of an operation, without those that refer to a component."""
    return [one for one in operation["parameters"] if isinstance(one, dict) and "$ref" not in one]


def media_of(operation: Operation) -> Iterator[Media]:
    """Yield the contents of an operation's body and replies."""
    if "requestBody" in operation:
        yield from operation["requestBody"]["content"].values()
    for response in operation["responses"].values():
        yield from response.get("content", {}).values()


def mapped(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return a copy of a schema with each schema in it changed."""
    made = schema.copy()
    if "items" in made:
        made["items"] = change(made["items"])
    if "properties" in made:
        made["properties"] = {name: change(part) for name, part in made["properties"].items()}
    if isinstance(others := made.get("additionalProperties"), dict):
        made["additionalProperties"] = change(others)
    for name in COMBINED:
        if name in made:
            made[name] = [change(part) for part in made[name]]
    return made


def parts_of(schema: Schema) -> list[Schema]:
    """Return the schemas directly in a schema."""
    others = schema.get("additionalProperties")
    single = [schema["items"]] if "items" in schema else []
    listed = [part for name in COMBINED for part in schema.get(name, ())]
    return [*single, *listed, *schema.get("properties", {}).values(), *([others] if isinstance(others, dict) else [])]


def component_of(reference: Reference) -> str:
    """Return the name of the component that a reference names."""
    return reference["$ref"].rpartition("/")[2]


def referred(schema: Schema, components: Mapping[str, Schema]) -> Iterator[str]:
    """Yield the components that a schema refers to, directly or through other components."""
    if "$ref" in schema:
        name = component_of(schema)
        yield name
        yield from referred(components[name], components)
    for part in parts_of(schema):
        yield from referred(part, components)
