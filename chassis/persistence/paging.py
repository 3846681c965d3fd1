"""Lists, page by page: keyset paging, whose cost does not grow with the page's number.

The cursor is the sort key of the last row, opaque to clients, who see it with the mark of their list (see `PageQuery`).
A changed one can only move the window within what the query lets the caller see anyway.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, Select, bindparam, literal, select, tuple_

from chassis.contract import Page
from chassis.persistence.database import Session
from chassis.refusals import bad_cursor

LARGEST = 2**31 - 1
"""Of PostgreSQL's integers; no list is ordered by a larger number."""


def page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    keys: tuple[Any, ...],
    *,
    limit: int,
    cursor: str | None,
    newest_first: bool = True,
    whole: bool = False,
) -> Page:
    """One page of a query by these columns, which must be unique together. `whole` rows are ORM objects, not tuples.

    Invalid: `bad_cursor`.
    """
    if cursor is not None:
        place = tuple_(*(literal(value, key.type) for key, value in zip(keys, decoded(cursor, keys), strict=True)))
        query = query.where(tuple_(*keys) < place if newest_first else tuple_(*keys) > place)
    query = query.order_by(*(key.desc() if newest_first else key.asc() for key in keys)).limit(limit + 1)
    return _cut(list(session.scalars(query) if whole else session.execute(query)), keys, limit)


class Listing:
    """A list of one table that is asked for often: each of its statements is made once, and needs no mapped classes.

    `shown` are the columns of a row, `keys` those of them that it is ordered by, last first, unique together.
    """

    def __init__(self, shown: Sequence[Column[Any]], keys: tuple[Column[Any], ...]) -> None:
        self.shown, self.keys = shown, keys
        self.statements: dict[tuple[str, ...], Select[*tuple[Any, ...]]] = {}

    def page(self, session: Session, *, limit: int, cursor: str | None, **filters: Any) -> Page:
        """One page of the rows whose columns have these values; None filters nothing. Invalid: `bad_cursor`."""
        values = {name: value for name, value in filters.items() if value is not None}
        if cursor is not None:
            place = zip(self.keys, decoded(cursor, self.keys), strict=True)
            values |= {f"after_{key.key}": value for key, value in place}
        names = tuple(values)
        if names not in self.statements:  # Not `or`: a statement has no truth.
            self.statements[names] = self._statement(names)
        rows = list(session.core.execute(self.statements[names], {**values, "rows": limit + 1}))
        return _cut(rows, self.keys, limit)

    def _statement(self, names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
        columns = self.keys[0].table.c
        query = select(*self.shown).where(*(columns[n] == bindparam(n) for n in names if n in columns))
        if f"after_{self.keys[0].key}" in names:
            place = (bindparam(f"after_{key.key}", type_=key.type) for key in self.keys)
            query = query.where(tuple_(*self.keys) < tuple_(*place))
        return query.order_by(*(key.desc() for key in self.keys)).limit(bindparam("rows"))


def _cut(rows: list[Any], keys: tuple[Any, ...], limit: int) -> Page:
    """The page without the row that was asked for to see whether there are more."""
    following = cursor_at(*(getattr(rows[limit - 1], key.key) for key in keys)) if len(rows) > limit else None
    return Page(rows[:limit], following)


def cursor_at(*values: Any) -> str:
    """The cursor of what follows the row with this sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decoded(cursor: str, keys: tuple[Any, ...]) -> list[Any]:
    """The sort key in a cursor of a list by these columns. Invalid: `bad_cursor`."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_native(value, key.type.python_type) for value, key in zip(values, keys, strict=True)]
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error):
        raise bad_cursor() from None


def _native(value: Any, kind: Any) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    if kind is date:
        return date.fromisoformat(value)
    if kind is UUID:
        return UUID(value)
    if not isinstance(value, kind) or "\0" in str(value) or (kind is int and abs(value) > LARGEST):
        raise ValueError  # What no database could compare with.
    return value
