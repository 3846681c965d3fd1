"""Lists, page by page: keyset paging, whose cost does not grow with the page's number.

The cursor is the sort key of the last row, opaque to clients, who see it with the mark of their list (see `PageQuery`).
A forged cursor can only move the page within the rows that the caller may see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, bindparam, literal, select, tuple_, union_all
from sqlalchemy.orm import QueryableAttribute
from sqlalchemy.sql.elements import KeyedColumnElement

from chassis.contract import Page
from chassis.persistence.database import Session
from chassis.refusals import bad_cursor
from records import cursors

Statement = Select[*tuple[Any, ...]]
Keys = Sequence[KeyedColumnElement[Any] | QueryableAttribute[Any]]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that a caller asks for: at `from_` or later and before `to`, from either end."""

    limit: int
    cursor: str | None = None
    order: str = "desc"
    from_: datetime | None = None
    to: datetime | None = None

    @property
    def mark(self) -> tuple[str, ...]:
        """The additional part of the cursors of a list that starts at its other end."""
        return (self.order,) if self.order == "asc" else ()


def page(
    session: Session,
    query: Statement,
    keys: Keys,
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
        values = zip(_place(cursor, keys), keys, strict=True)
        query = _beyond(query, keys, [literal(value, key.type) for value, key in values], newest_first)
    query = ordered(query, keys, newest_first).limit(limit + 1)
    return _cut(list(session.scalars(query) if whole else session.execute(query)), keys, limit)


class Listing:
    """A list of one table. Its statements are made once, and each reads its rows off an index in the order shown.

    `shown` are the columns of a row, `keys` the columns of its order: unique together, the first one for `Window`.
    `conditions` are filters in words, for an index with such a condition.
    """

    def __init__(
        self, shown: Keys, keys: Sequence[Column[Any]], conditions: Mapping[str, ColumnElement[bool]] | None = None
    ) -> None:
        self.shown, self.keys, self.conditions = shown, keys, conditions or {}
        self.statements: dict[tuple[str, ...], Statement] = {}

    def page(self, session: Session, window: Window, **filters: object) -> Page:
        """One page of the rows whose columns have these values. None filters nothing; one filter may be a list.

        The value of a condition is True. Invalid: `bad_cursor`.
        """
        lists = {name: dict.fromkeys(value) for name, value in filters.items() if isinstance(value, (list, tuple))}
        values = {name: value for name, value in filters.items() if value is not None and name not in lists}
        values |= {f"{name}_{number}": each for name, found in lists.items() for number, each in enumerate(found)}
        values |= {name: getattr(window, name) for name in ("from_", "to") if getattr(window, name) is not None}
        place = _place(window.cursor, self.keys, *window.mark)
        values |= {f"after_{number}": value for number, value in enumerate(place)}
        names = (window.order, *values)
        if names not in self.statements:  # Not `or`: a statement has no truth.
            states = [(name, f"{name}_{number}") for name, found in lists.items() for number in range(len(found))]
            self.statements[names] = self.statement(not window.mark, tuple(values), states)
        rows = session.rows(self.statements[names], {**values, "rows": window.limit + 1})
        return _cut(rows, self.keys, window.limit, *window.mark)

    def statement(self, newest_first: bool, names: tuple[str, ...], states: Sequence[tuple[str, str]]) -> Statement:  # noqa: FBT001  part of what a statement is made for
        """One statement. Of several states each has its own page: no index has several states in one order."""
        pages = [self._page_of(newest_first, names, *state) for state in states]
        if len(pages) <= 1:
            return pages[0] if pages else self._page_of(newest_first, names)
        found = union_all(*(select(page.subquery()) for page in pages)).subquery()
        return ordered(select(found), [found.c[key.key] for key in self.keys], newest_first).limit(bindparam("rows"))

    def _page_of(self, newest_first: bool, names: tuple[str, ...], column: str = "", state: str = "") -> Statement:  # noqa: FBT001  as above
        first, columns = self.keys[0], self.keys[0].table.c
        query = select(*self.shown).where(*(columns[name] == bindparam(name) for name in names if name in columns))
        query = query.where(*(condition for name, condition in self.conditions.items() if name in names))
        bounds = {"from_": first >= bindparam("from_"), "to": first < bindparam("to")}
        query = query.where(*(bound for name, bound in bounds.items() if name in names))
        if state:
            query = query.where(columns[column] == bindparam(state))
        if "after_0" in names:
            place = [bindparam(f"after_{number}", type_=key.type) for number, key in enumerate(self.keys)]
            query = _beyond(query, self.keys, place, newest_first)
        return ordered(query, self.keys, newest_first).limit(bindparam("rows"))


def _beyond(query: Statement, keys: Keys, place: Keys, newest_first: bool) -> Statement:  # noqa: FBT001  as above
    return query.where(tuple_(*keys) < tuple_(*place) if newest_first else tuple_(*keys) > tuple_(*place))


def ordered(query: Statement, keys: Keys, newest_first: bool) -> Statement:  # noqa: FBT001  as above
    """The query in the order of a list."""
    return query.order_by(*(key.desc() if newest_first else key.asc() for key in keys))


def _cut(rows: Sequence[object], keys: Keys, limit: int, *mark: str) -> Page:
    """The page without its last row, which only shows whether more rows follow."""
    if len(rows) <= limit:
        return Page(list(rows))
    return Page(list(rows[:limit]), cursors.encoded(*mark, *(getattr(rows[limit - 1], key.key) for key in keys)))


def _place(cursor: str | None, keys: Keys, *mark: str) -> list[object]:
    """The sort key in a cursor, after its mark; empty without a cursor. Invalid: `bad_cursor`."""
    if cursor is None:
        return []
    try:
        values = cursors.decoded(cursor, [*map(type, mark), *(key.type.python_type for key in keys)])
    except ValueError:
        raise bad_cursor() from None
    if tuple(values[: len(mark)]) != mark:
        raise bad_cursor()
    return values[len(mark) :]
