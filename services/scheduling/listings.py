"""Lists of scheduling: ranges of local days, and columns of other tables, such as names."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, Literal, Protocol

from sqlalchemy import BindParameter, Column, ColumnElement, FromClause, bindparam, select

from chassis import config
from chassis.contract import Page
from chassis.persistence.database import Session
from chassis.persistence.listing import Listing, Window
from chassis.refusals import WRONG_FIELDS


class LookUp:
    """Columns of another table for the rows of a page, by the id in the column `key`; null without such a row.

    One statement reads them for the whole page. A join would mislead the planner: it does not know the length of a
    page, so it would read the whole other table.
    """

    def __init__(self, key: str, table: FromClause, columns: Sequence[ColumnElement[Any]]) -> None:
        self.key, self.names = key, [str(column.key) for column in columns]
        ids: BindParameter[Any] = bindparam("ids", expanding=True)
        self.statement = select(table.c.id, *columns).where(table.c.id.in_(ids))

    def facts_of(self, session: Session, rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """Yield the columns for each row of a page."""
        ids = {getattr(row, self.key) for row in rows} - {None}
        found = session.rows(self.statement, {"ids": list(ids)}) if ids else []
        known = {row.id: {name: getattr(row, name) for name in self.names} for row in found}
        for row in rows:
            yield known.get(getattr(row, self.key), dict.fromkeys(self.names))


class ListingWithLookUps(Listing):
    """A list that also shows columns of other tables."""

    def __init__(
        self,
        shown: Sequence[Column[Any]],
        keys: tuple[Column[Any], ...],
        look_ups: Sequence[LookUp],
        conditions: Mapping[str, ColumnElement[bool]] | None = None,
    ) -> None:
        super().__init__(shown, keys, conditions)
        self.look_ups = look_ups

    def page(self, session: Session, window: Window, **filters: object) -> Page:
        """Return a page with the columns of the other tables: one statement more for each of them."""
        found = super().page(session, window, **filters)
        facts = zip(*(look_up.facts_of(session, found.items) for look_up in self.look_ups), strict=True)
        items = [
            SimpleNamespace(**row._asdict(), **{name: value for fact in more for name, value in fact.items()})
            for row, more in zip(found.items, facts, strict=True)
        ]
        return Page(items, found.next)


def first_of(value: date | datetime) -> datetime:
    """Return the moment, or the first moment of the local day."""
    return value if isinstance(value, datetime) else _midnight(value)


def end_of(value: date | datetime) -> datetime:
    """Return the moment, or the first moment after the local day: the end is exclusive."""
    return value if isinstance(value, datetime) else _midnight(value + timedelta(days=1))


def span(from_: date | datetime | None, to: date | datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return the bounds of a list: from the first moment on, and before the second."""
    since = None if from_ is None else first_of(from_)
    until = None if to is None else end_of(to)
    if since is not None and until is not None and (until < since or (until == since and not isinstance(to, datetime))):
        errors = {"to": ["Must not be earlier than `from`."]}
        raise WRONG_FIELDS(errors=errors)
    return since, until


class Ranged(Protocol):
    """A query for a part of a list, by days or moments."""

    from_: date | datetime | None
    to: date | datetime | None
    order: Literal["asc", "desc"]
    limit: int
    cursor: str | None


def window_of(query: Ranged) -> Window:
    """Return the part of a list that a query requests. Refuses a `to` before `from`."""
    return Window(query.limit, query.cursor, query.order, *span(query.from_, query.to))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), config.current().hospital_timezone)
