"""Lists by when something begins or was made, from either end, also of several states at once.

Each statement is made once for what is asked for, and reads its rows off an index in the order in which they are shown.
Of several states each gives its own page, which the database puts together: no index has several states in one order.
"""

from collections.abc import Callable, Sequence
from operator import ge, gt, lt
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, FromClause, Select, String, bindparam, select, tuple_, union_all

from chassis.contract import Page
from chassis.persistence.database import Session
from chassis.persistence.paging import cursor_at, decoded
from chassis.refusals import bad_cursor

Statement = Select[*tuple[Any, ...]]
BOUNDS: dict[str, Callable[[Any, Any], Any]] = {"since": ge, "until": lt}
EARLIEST_FIRST = "asc"
_ORDER: Column[Any] = Column("order", String)


class Joined(NamedTuple):
    """Columns of another table, joined to the rows of a page by its `id`; null where it has no such row."""

    table: FromClause
    key: str
    """The column of the list that holds the id."""
    columns: Sequence[ColumnElement[Any]]


class Timed:
    """A list of one table.

    `shown` are the columns of a row; `keys` those of them that it is ordered by, a time first, unique together.
    """

    def __init__(
        self, shown: Sequence[Column[Any]], keys: tuple[Column[Any], ...], joins: Sequence[Joined] = ()
    ) -> None:
        self.shown, self.keys, self.joins = shown, keys, joins
        self.statements: dict[tuple[str, ...], Any] = {}

    def page(
        self,
        session: Session,
        *,
        limit: int,
        cursor: str | None,
        order: str = "desc",
        status: Sequence[str] | None = None,
        **filters: Any,
    ) -> Page:
        """One page of the rows in these states, from `since` on and before `until`; None filters nothing."""
        values = {name: value for name, value in filters.items() if value is not None}
        values |= {f"status_{number}": state for number, state in enumerate(dict.fromkeys(status or ()))}
        values |= self._place(cursor, order)
        names = (order, *values)
        if names not in self.statements:
            self.statements[names] = self._joined(self._statement(order, tuple(values)), order)
        rows = list(session.core.execute(self.statements[names], {**values, "rows": limit + 1}))
        return Page(rows[:limit], self._cursor(rows[limit - 1], order) if len(rows) > limit else None)

    def _place(self, cursor: str | None, order: str) -> dict[str, Any]:
        """The sort key after which to go on. A cursor of the list from its other end has another number of parts."""
        if cursor is None:
            return {}
        is_marked = order == EARLIEST_FIRST
        values = decoded(cursor, (_ORDER, *self.keys) if is_marked else self.keys)
        if is_marked and values.pop(0) != order:
            raise bad_cursor()
        return {f"after_{key.key}": value for key, value in zip(self.keys, values, strict=True)}

    def _cursor(self, row: Any, order: str) -> str:
        mark = (order,) if order == EARLIEST_FIRST else ()
        return cursor_at(*mark, *(getattr(row, key.key) for key in self.keys))

    def _statement(self, order: str, names: tuple[str, ...]) -> Any:
        states = [name for name in names if name.startswith("status_")]
        pages = [self._of_state(order, names, state) for state in states]
        if len(pages) <= 1:
            return pages[0] if pages else self._of_state(order, names, None)
        found = union_all(*(select(page.subquery()) for page in pages)).subquery()
        keys = [found.c[key.key] for key in self.keys]
        return self._cut(select(found), keys, order)

    def _joined(self, statement: Any, order: str) -> Any:
        """Join the other tables to the rows of the page alone."""
        if not self.joins:
            return statement
        found = statement.subquery()
        query, source = select(found), found
        for table, key, columns in self.joins:
            query = query.add_columns(*columns)
            source = source.outerjoin(table, found.c[key] == table.c.id)
        return self._ordered(query.select_from(source), [found.c[key.key] for key in self.keys], order)

    def _of_state(self, order: str, names: tuple[str, ...], state: str | None) -> Statement:
        """The page of one state, or of all of them."""
        columns = self.keys[0].table.c
        query = select(*self.shown).where(*(columns[name] == bindparam(name) for name in names if name in columns))
        query = query.where(*(compare(self.keys[0], bindparam(n)) for n, compare in BOUNDS.items() if n in names))
        if state is not None:
            query = query.where(columns["status"] == bindparam(state))
        if f"after_{self.keys[0].key}" in names:
            place = tuple_(*(bindparam(f"after_{key.key}", type_=key.type) for key in self.keys))
            beyond = gt if order == EARLIEST_FIRST else lt
            query = query.where(beyond(tuple_(*self.keys), place))
        return self._cut(query, self.keys, order)

    def _cut(self, query: Statement, keys: Sequence[Any], order: str) -> Statement:
        return self._ordered(query, keys, order).limit(bindparam("rows"))

    def _ordered(self, query: Statement, keys: Sequence[Any], order: str) -> Statement:
        return query.order_by(*(key.asc() if order == EARLIEST_FIRST else key.desc() for key in keys))
