"""Lists of scheduling: ranges of local days, and columns of other tables, such as names."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, Protocol

from sqlalchemy import Column, ColumnElement, FromClause, Label, Subquery, select

from chassis import config
from chassis.contract import View
from chassis.persistence.listing import Listing, Statement, Window, ordered
from chassis.refusals import WRONG_FIELDS


class LookUp:
    """Columns of another table for the rows of a page, by the id in the column `key`; null without such a row."""

    def __init__(self, key: str, table: FromClause, columns: Sequence[ColumnElement[Any]]) -> None:
        self.key, self.table, self.columns = key, table, columns

    def of(self, page: Subquery) -> list[Label[Any]]:
        """Return the columns for a page."""
        key, own_id = page.c[self.key], self.table.c.id
        found = [select(column).where(own_id == key).correlate(page).scalar_subquery() for column in self.columns]
        return [value.label(str(column.key)) for value, column in zip(found, self.columns, strict=True)]


class ListingWithLookUps(Listing):
    """A list that also shows columns of other tables. `view` gives the order of the columns, as its dumper needs it.

    The page is a subquery, and each column of another table is a subquery for one of its rows. A join would mislead
    the planner: it does not know the length of a page, so it would read the whole other table.
    """

    def __init__(
        self,
        view: type[View],
        keys: tuple[Column[Any], ...],
        look_ups: Sequence[LookUp],
        conditions: Mapping[str, ColumnElement[bool]] | None = None,
    ) -> None:
        self.view, self.look_ups = view, look_ups
        own = keys[0].table.c
        super().__init__([own[name] for name in view.schema().fields if name in own], keys, conditions)

    def statement(self, newest_first: bool, names: tuple[str, ...], states: Sequence[tuple[str, str]]) -> Statement:  # noqa: FBT001  as in Listing
        """Return the statement of a list, with the columns of the other tables."""
        page = super().statement(newest_first, names, states).subquery("page")
        known = {column.key: column for look_up in self.look_ups for column in look_up.of(page)} | dict(page.c)
        query = select(*(known[name] for name in self.view.schema().fields if name in known))
        return ordered(query, [page.c[key.key] for key in self.keys], newest_first)


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
