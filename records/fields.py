"""Fields: the marshmallow field of each annotation of a contract.

    doctor_id: UUID
    reason: Annotated[str, validate.Length(1, 500), "Why the patient comes."] | None = None
    status: AppointmentStatus | Omitted = OMITTED

`| None` allows null. A default makes the field optional. The marks of `Annotated` are a validator, a description, a
dict of further metadata, or a marshmallow field that replaces the usual one.
"""

import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum, StrEnum
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    TypedDict,
    Union,
    Unpack,
    cast,
    get_args,
    get_origin,
)
from uuid import UUID

from marshmallow import fields, validate

if TYPE_CHECKING:
    from marshmallow.types import Validator


class Omitted(Enum):
    """The type of `OMITTED`."""

    OMITTED = "omitted"

    def __bool__(self) -> Literal[False]:
        return False


OMITTED = Omitted.OMITTED
"""The value of an omitted field, where null has another meaning."""


class Key(str):
    """Mark: the name of the field in JSON, if Python reserves that word (`from`)."""

    __slots__ = ()


class Facts(dict[str, Any]):
    """Mark: further OpenAPI metadata of a field, such as `description`, `example`, or its `roles`."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # Python hashes marks when it builds a type


class Secret:
    """Mark: a value that is never stored and never shown, such as a password."""


class Options(TypedDict, total=False):
    """The arguments of marshmallow's fields that follow from an annotation."""

    required: bool
    load_default: object
    load_only: bool
    allow_none: bool
    data_key: str
    validate: "Sequence[Validator]"
    metadata: Mapping[str, object]


class Integer(fields.Integer):
    """An integer. The field of marshmallow would drop a fraction silently."""

    def _validated(self, value: object) -> int:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


def in_utc(moment: datetime) -> datetime:
    """Convert a time to UTC. ValueError: it has no zone, or UTC has no date for it at an end of the calendar."""
    if moment.tzinfo is None:
        raise ValueError("a moment has a zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("beyond the calendar") from None


class Moment(fields.AwareDateTime):
    """A time with its zone, such as `2026-11-23T10:00:00+01:00`, stored and shown in UTC."""

    default_error_messages = dict.fromkeys(
        ("invalid", "invalid_awareness", "format"), "Not a moment with a zone, such as 2026-11-23T09:00:00Z."
    )

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, object] | None, **kwargs: object
    ) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        try:
            return in_utc(moment)
        except ValueError:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


class Choice(fields.String):
    """A member of a StrEnum, by its value."""

    def __init__(self, members: type[StrEnum], **options: Unpack[Options]) -> None:
        """Load only values of `members`, as members."""
        self.members = members
        known = validate.OneOf([member.value for member in members])
        super().__init__(post_load=members, **(options | Options(validate=[known, *options.get("validate", ())])))


Make = Callable[..., fields.Field[Any]]
"""A class of fields, or a function that makes one."""
BY_TYPE: Mapping[object, Make] = {
    UUID: fields.UUID,
    str: fields.String,
    int: Integer,
    float: fields.Float,
    bool: fields.Boolean,
    datetime: Moment,
    date: fields.Date,
    time: fields.Time,
    dict: fields.Raw,
    Any: fields.Raw,
}
PLAIN = (Integer, Moment, Choice, fields.UUID, fields.Boolean, fields.Date, fields.Email, fields.Raw, fields.String)
"""Fields whose native value orjson writes exactly as marshmallow does."""


def field_of(annotation: object, **options: Unpack[Options]) -> fields.Field[Any]:
    """The field of an annotation. `options` are those of marshmallow, such as `required` and `load_default`."""
    kind, marks, nullable = _taken_apart(annotation)
    rules: list[Validator] = []
    metadata: dict[str, object] = {}
    make: Make | None = None
    for mark in _flat(marks):
        if isinstance(mark, Key):
            options["data_key"] = str(mark)
        elif isinstance(mark, str):
            metadata["description"] = mark
        elif isinstance(mark, Facts):
            metadata |= mark
        elif isinstance(mark, type) and issubclass(mark, Secret):
            options["load_only"] = True
        elif isinstance(mark, validate.Validator):
            rules.append(mark)
        else:
            make = cast("Make", mark)
    if nullable:
        options["allow_none"] = True
    return _made(kind, make, options | Options(validate=rules, metadata=metadata))


def _made(kind: object, make: Make | None, options: Options) -> fields.Field[Any]:
    if get_origin(kind) in (list, frozenset):
        return (make or fields.List)(field_of(get_args(kind)[0]), **options)
    if get_origin(kind) is Literal:
        return fields.String(**(options | Options(validate=[validate.OneOf(get_args(kind)), *options["validate"]])))
    if make is not None:
        return make(**options)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return Choice(kind, **options)
    if hasattr(kind, "schema"):
        return fields.Nested(kind.schema(), **options)
    return BY_TYPE[get_origin(kind) or kind](**options)


def _taken_apart(annotation: object) -> tuple[object, list[object], bool]:
    """Split an annotation into the type, the marks of `Annotated`, and whether null is allowed."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        kind, more, nullable = _taken_apart(inner)
        return kind, [*more, *marks], nullable
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part not in (types.NoneType, Omitted)]
        kind, marks, _ = _taken_apart(parts[0])
        return kind, marks, types.NoneType in get_args(annotation)
    return annotation, [], False


def declared_in(cls: type) -> dict[str, object]:
    """The annotated fields of a class and its bases, in order, without class variables and private names."""
    found: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        own = inspect.get_annotations(base)
        found |= {n: hint for n, hint in own.items() if not _is_class_variable(hint) and not n.startswith("_")}
    return found


def _is_class_variable(hint: object) -> bool:
    return ClassVar in (hint, get_origin(hint))


def _flat(marks: Iterable[object]) -> Iterator[object]:
    """The marks. A tuple counts as several marks."""
    for mark in marks:
        yield from mark if isinstance(mark, tuple) else (mark,)
