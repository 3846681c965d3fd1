"""Lists of scheduling: ranges of local days, and rows that also show columns of other tables, such as names."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple, Protocol, cast

from sqlalchemy import Column, ColumnElement, FromClause, select

from chassis import config
from chassis.persistence.listing import Listing, Statement, Window, ordered
from chassis.refusals import WRONG_FIELDS


class Joined(NamedTuple):
    """Columns of another table, joined to the rows of a page by its `id`; null without such a row."""

    table: FromClause
    key: str
    """The column of the list that holds the id."""
    columns: Sequence[ColumnElement[Any]]


class JoinedListing(Listing):
    """A list with columns of other tables, which are joined only to the rows of the page."""

    def __init__(
        self,
        shown: Sequence[Column[Any]],
        keys: tuple[Column[Any], ...],
        joins: Sequence[Joined],
        conditions: Mapping[str, ColumnElement[bool]] | None = None,
    ) -> None:
        super().__init__(shown, keys, conditions)
        self.joins = joins

    def statement(self, newest_first: bool, names: tuple[str, ...], states: Sequence[tuple[str, str]]) -> Statement:  # noqa: FBT001  as in `Listing`
        """Return the statement of a page, joined to the other tables."""
        found = super().statement(newest_first, names, states).subquery()
        query, source = select(found), cast("FromClause", found)
        for table, key, columns in self.joins:
            query = query.add_columns(*columns)
            source = source.outerjoin(table, found.c[key] == table.c.id)
        return ordered(query.select_from(source), [found.c[key.key] for key in self.keys], newest_first)


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
