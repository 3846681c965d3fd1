"""The bases of what services say to each other: typed records, from which marshmallow schemas are derived.

A schema is instantiated once per class, since an instance costs twice what a load does, and plain views are compiled:
a row becomes a dict of native values by one `attrgetter`, which orjson then writes. A test holds both outputs equal.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Self, TypedDict, Unpack, cast
from zlib import crc32

from marshmallow import RAISE, ValidationError, fields, validate

from chassis.refusals import WRONG_FIELDS, Refusal, bad_cursor
from records.fields import PLAIN
from records.record import Record

PAGE_ROWS = 100


class Role(StrEnum):
    """Base of the roles; the members are the hospital's, in contracts."""


Plain = dict[str, object]
"""The JSON of a reply or an event, with native values that orjson writes."""
ANYONE: frozenset[Role] = frozenset()
"""The roles of a command that needs no token."""


def snake_case(name: str) -> str:
    """`BookAppointment` to `book_appointment`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class View(Record):
    """The fields of a record that a caller sees."""

    unknown = RAISE

    @classmethod
    @cache
    def dumper(cls) -> Callable[[object], Plain]:
        """A function from a row, object or mapping to plain data: compiled when the fields allow it."""
        declared = cls.schema().fields
        if not all(is_plain(f) for f in declared.values()):
            return cls.schema().dump
        keys = [f.data_key or name for name, f in declared.items()]
        return _compiled(keys, list(declared))

    @classmethod
    @cache
    def row_dumper(cls, columns: tuple[str, ...]) -> Callable[[Iterable[object]], Plain]:
        """The same for rows of these columns: without a look at their names when they are just those of the view."""
        declared = cls.schema().fields
        if tuple(declared) != columns or not all(is_plain(f) for f in declared.values()):
            return cls.dumper()
        keys = [f.data_key or name for name, f in declared.items()]
        return lambda row: dict(zip(keys, row, strict=True))

    @classmethod
    def dump_one(cls, value: object) -> Plain | None:
        """Plain data for one record; None stays None."""
        return None if value is None else cls.dumper()(value)


def is_plain(declared: fields.Field[object]) -> bool:
    """Whether the field's native value is sent unchanged: see `records.fields.PLAIN`."""
    return type(declared) in PLAIN and not declared.load_only


def _compiled(keys: list[str], names: list[str]) -> Callable[[object], Plain]:
    if len(names) == 1:
        return lambda value: {keys[0]: value[names[0]] if isinstance(value, Mapping) else getattr(value, names[0])}
    of_object = attrgetter(*names)

    def dump(value: object) -> Plain:
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
    next: Annotated[str | None, "Cursor of the next page; null at the end."]

    @classmethod
    def dump_one(cls, value: object) -> Plain:
        """Plain data for a `Page` of rows."""
        page = cast("Page", value)
        dump = cls.item.row_dumper(getattr(page.items[0], "_fields", ()) if page.items else ())
        return {"items": [dump(row) for row in page.items], "next": page.next}


@cache
def page_of(view: type[View]) -> type[PageView]:
    """The view of one page of `view`."""
    members = {"item": view, "__annotations__": {"items": list[view]}, "__doc__": f"A page of {view.__name__}."}  # type: ignore[valid-type]  # mypy takes the parameter for a value
    return type(f"{view.__name__}Page", (PageView,), members)


class ContractFacts(TypedDict, total=False):
    """The arguments of a contract's class; `Command` explains each."""

    service: str
    roles: Collection[Role]
    returns: type[View]
    refuses: tuple[Refusal[Any], ...]
    keyed: bool
    verified: bool
    enrolling: bool
    revised: bool
    line: str
    deadline: float
    routine: bool
    audited: bool


class Command(Record):
    """An order to one service. The facts of a contract are the arguments of its class; its bases may leave them out."""

    service: ClassVar[str]
    roles: ClassVar[frozenset[Role]]
    """The roles that may ask."""
    returns: ClassVar[type[View]]
    refuses: ClassVar[tuple[Refusal[Any], ...]] = ()
    """Every refusal but those that any route may answer (`not_found`, `stale`, `invalid`)."""
    keyed: ClassVar[bool] = True
    """Whether the reply is stored under the caller's key. Not where it holds a secret, such as a token."""
    verified: ClassVar[bool] = False
    """Whether the caller's address must have been verified."""
    enrolling: ClassVar[bool] = False
    """Whether a caller may ask whose required second factor is not set up yet."""
    revised: ClassVar[bool] = False
    """Whether `If-Match` is honoured: the record has a `revision`, and a change of an older one is `Stale`."""
    line: ClassVar[str] = ""
    """The line in which slow ones of this kind wait for each other at the gateway, so that quick ones do not."""
    deadline: ClassVar[float] = 5.0
    """Seconds that the gateway waits for the answer."""
    routine: ClassVar[bool] = False
    """Whether processes ask it all the time, so that its line in the log is for debugging alone."""
    reads: ClassVar[bool] = False
    audited: ClassVar[bool] = False
    """Whether each reading is recorded: the query then runs in a transaction, and has a row in the audit."""

    def __init_subclass__(cls, **facts: Unpack[ContractFacts]) -> None:
        super().__init_subclass__()
        if "roles" in facts:
            facts["roles"] = frozenset(facts["roles"])
        for name, value in facts.items():
            setattr(cls, name, value)

    @classmethod
    @cache
    def method(cls) -> str:
        """The name of the RPC method."""
        return snake_case(cls.__name__)

    @classmethod
    def read(cls, payload: Mapping[str, object]) -> Self:
        """The payload as a command; `Invalid` with the messages of each field."""
        if _has_nul(payload):
            raise WRONG_FIELDS("Text must not hold the character NUL.")  # PostgreSQL cannot store it.
        try:
            return cast("Self", cls.schema().load(payload))
        except ValidationError as error:
            # As JSON, the keys are text: marshmallow numbers list items.
            raise WRONG_FIELDS(errors=json.loads(json.dumps(error.messages))) from None

    @classmethod
    def reply(cls, result: object) -> Plain | None:
        """The result of the use case as plain data."""
        return cls.returns.dump_one(result)

    @classmethod
    def repeated(cls, payload: Mapping[str, object]) -> Mapping[str, object]:
        """The fields that a repeated request must repeat: all but those that the gateway adds to each request."""
        return payload

    @classmethod
    @cache
    def secrets(cls) -> frozenset[str]:
        """Names of fields, such as passwords: kept nowhere, but in a fingerprint under a secret key."""
        return frozenset(name for name, f in cls.schema().fields.items() if f.load_only)


def _has_nul(value: object) -> bool:
    parts = value.items() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return (isinstance(value, str) and "\x00" in value) or any(map(_has_nul, parts))


class Query(Command):
    """A question to one service: runs without a key, and without a transaction unless it is `audited`."""

    reads = True


class PageQuery(Query):
    """A question whose answer is a list, page by page. Callers see its cursors with the mark of this list."""

    limit: Annotated[int, validate.Range(1, PAGE_ROWS), "Rows a page."] = 20
    cursor: Annotated[str | None, validate.Length(max=1_200), "`next` of the page before."] = None

    @classmethod
    @cache
    def mark(cls) -> str:
        """Eight signs, which tell a cursor of this list from those of others."""
        return f"{crc32(cls.method().encode()):08x}"

    @classmethod
    def read(cls, payload: Mapping[str, object]) -> Self:
        """The payload as a query, the cursor without its mark. Invalid: `bad_cursor`, of another list or of none."""
        found = super().read(payload)
        if found.cursor is not None and not found.cursor.startswith(cls.mark()):
            raise bad_cursor()
        found.cursor = found.cursor and found.cursor.removeprefix(cls.mark())
        return found

    @classmethod
    def reply(cls, result: object) -> Plain:
        """A page as plain data."""
        shown = cast("Plain", super().reply(result))
        return {**shown, "next": shown["next"] and f"{cls.mark()}{shown['next']}"}
