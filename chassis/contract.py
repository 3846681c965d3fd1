"""The bases of what services say to each other: commands, queries and views, as marshmallow schemas.

Schemas are instantiated once per class, since an instance costs twice what a load does, and plain views are compiled:
a row becomes a dict of native values by one `attrgetter`, which orjson then writes. A test holds both outputs equal.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar
from zlib import crc32

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from chassis.errors import Invalid


class Integer(fields.Integer):
    """A whole number; marshmallow's own would cut a fraction off without a word."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


PLAIN_FIELDS = (
    Integer,
    fields.UUID,
    fields.Integer,
    fields.Boolean,
    fields.AwareDateTime,
    fields.Date,
    fields.Email,
    fields.Raw,
    fields.String,
)
"""Fields whose native value orjson writes just as marshmallow would."""


class Role(StrEnum):
    """Base of the roles; the members are the hospital's, in contracts."""


ANYONE: frozenset[Role] = frozenset()
"""The roles of a command that needs no token."""


def snake_case(name: str) -> str:
    """`BookAppointment` to `book_appointment`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class View(Schema):
    """What a caller sees of a record."""

    @classmethod
    @cache
    def schema(cls) -> Schema:
        """The one instance of this schema."""
        return cls()

    @classmethod
    @cache
    def dumper(cls) -> Callable[[Any], Any]:
        """A function from a row, object or mapping to plain data: compiled when the fields allow it."""
        declared = cls.schema().fields
        if not all(is_plain(f) for f in declared.values()):
            return cls.schema().dump
        keys = [f.data_key or name for name, f in declared.items()]
        names = [f.attribute or name for name, f in declared.items()]
        return _compiled(keys, names)

    @classmethod
    @cache
    def row_dumper(cls, columns: tuple[str, ...]) -> Callable[[Any], Any]:
        """The same for rows of these columns: without a look at their names when they are just those of the view."""
        declared = cls.schema().fields
        names = tuple(f.attribute or name for name, f in declared.items())
        if names != columns or not all(is_plain(f) for f in declared.values()):
            return cls.dumper()
        keys = [f.data_key or name for name, f in declared.items()]
        return lambda row: dict(zip(keys, row, strict=True))

    @classmethod
    def dump_one(cls, value: Any) -> Any:
        """Plain data for one record; None stays None."""
        return None if value is None else cls.dumper()(value)


def is_plain(declared: fields.Field[Any]) -> bool:
    """Whether a field's native value is what is sent: see `PLAIN_FIELDS`."""
    return type(declared) in PLAIN_FIELDS and not declared.load_only


def _compiled(keys: list[str], names: list[str]) -> Callable[[Any], Any]:
    if len(names) == 1:
        return lambda value: {keys[0]: value[names[0]] if isinstance(value, Mapping) else getattr(value, names[0])}
    of_object = attrgetter(*names)

    def dump(value: Any) -> dict[str, Any]:
        if isinstance(value, Mapping):
            return {key: value.get(name) for key, name in zip(keys, names, strict=True)}
        return dict(zip(keys, of_object(value), strict=True))

    return dump


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: the rows, and the opaque cursor of the next page, or None."""

    items: list[Any]
    next: str | None = None


class PageView(View):
    """Base of `page_of`: `{"items": [...], "next": cursor or null}`."""

    item: ClassVar[type[View]]
    next = fields.String(allow_none=True, metadata={"description": "Cursor of the next page; null at the end."})

    @classmethod
    def dump_one(cls, value: Page) -> dict[str, Any]:
        """Plain data for a page of rows."""
        dump = cls.item.row_dumper(getattr(value.items[0], "_fields", ()) if value.items else ())
        return {"items": [dump(row) for row in value.items], "next": value.next}


@cache
def page_of(view: type[View]) -> type[PageView]:
    """The view of one page of `view`."""
    members = {"item": view, "items": fields.List(fields.Nested(view), required=True)}
    return type(f"{view.__name__}Page", (PageView,), {**members, "__doc__": f"A page of {view.__name__}."})


class Command(Schema):
    """An order to one service, with four facts: who answers, who may ask, what comes back, whether it only reads.

    A subclass's docstring is read by programs too: its sentences of the form ``Kind: `code`, `code` (when).`` are what
    OpenAPI tells callers of refusals. The kind is a class of `chassis.errors`; each word in backticks up to the end of
    the sentence is a code, but for those in parentheses. What any route may answer (`not_found`, `stale`, `invalid`)
    can be left out. A guard compares them with the docstrings of the use case, and with what it raises.
    """

    class Meta:
        """Unknown fields are refused."""

        unknown = RAISE

    service: ClassVar[str]
    roles: ClassVar[Iterable[Role]]
    returns: ClassVar[type[View]]
    reads: ClassVar[bool] = False
    keyed: ClassVar[bool] = True
    """Whether the reply is stored under the caller's key. Not where it holds a secret, such as a token."""
    verified: ClassVar[bool] = False
    """Whether the caller's address must have been verified."""
    enrolling: ClassVar[bool] = False
    """Whether one may ask who has still to set up the second factor that a role requires."""
    revised: ClassVar[bool] = False
    """Whether `If-Match` is honoured: the record has a `revision`, and a change of an older one is `Stale`."""
    line: ClassVar[str] = ""
    """The line in which slow ones of this kind wait for each other at the gateway, so that quick ones do not."""
    deadline: ClassVar[float] = 5.0
    """Seconds that the gateway waits for the answer."""
    routine: ClassVar[bool] = False
    """Whether processes ask it all the time, so that its line in the log is for debugging alone."""

    @classmethod
    @cache
    def schema(cls) -> Schema:
        """The one instance of this schema."""
        return cls()

    @classmethod
    @cache
    def method(cls) -> str:
        """The name of the RPC method."""
        return snake_case(cls.__name__)

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The payload's fields as native values; `Invalid` with the messages of each field."""
        if _has_nul(payload):
            raise Invalid("invalid", "Text must not hold the character NUL.")  # PostgreSQL cannot store it.
        try:
            return dict(cls.schema().load(payload))
        except ValidationError as error:
            errors = json.loads(json.dumps(error.messages))  # Their keys are text then: marshmallow numbers list items.
            raise Invalid("invalid", "Some fields are missing or wrong.", {"errors": errors}) from None

    @classmethod
    def reply(cls, result: Any) -> Any:
        """What the use case has found or done, as plain data."""
        return cls.returns.dump_one(result)

    @classmethod
    @cache
    def secrets(cls) -> frozenset[str]:
        """Names of fields, such as passwords: kept nowhere, but in a fingerprint under a secret key."""
        return frozenset(name for name, f in cls.schema().fields.items() if f.load_only)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(_has_nul(key) or _has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(_has_nul(one) for one in value)


class Query(Command):
    """A question to one service: runs without a transaction and without a key."""

    reads = True


class PageQuery(Query):
    """A question whose answer is a list, page by page. Callers see its cursors with the mark of this list."""

    limit = Integer(load_default=20, validate=validate.Range(1, 100), metadata={"description": "Rows a page."})
    cursor = fields.String(
        load_default=None, validate=validate.Length(max=1_200), metadata={"description": "`next` of the page before."}
    )

    @classmethod
    @cache
    def mark(cls) -> str:
        """Eight signs, which tell a cursor of this list from those of others."""
        return f"{crc32(cls.method().encode()):08x}"

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The payload's fields, the cursor without its mark. Invalid: `bad_cursor`, of another list or of none."""
        found = super().read(payload)
        if found["cursor"] is not None:
            if not found["cursor"].startswith(cls.mark()):
                raise bad_cursor()
            found["cursor"] = found["cursor"].removeprefix(cls.mark())
        return found

    @classmethod
    def reply(cls, result: Any) -> Any:
        """A page as plain data."""
        shown = super().reply(result)
        return {**shown, "next": shown["next"] and cls.mark() + shown["next"]}


def bad_cursor() -> Invalid:
    """`bad_cursor`."""
    return Invalid("bad_cursor", "The cursor is not one of ours.", {"errors": {"cursor": ["Not valid."]}})
