"""Lists whose rows also show columns of other tables, such as the names of people."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import Column, ColumnElement, FromClause, select

from chassis.persistence.listing import Listing, Statement, ordered


class Joined(NamedTuple):
    """Columns of another table, joined to the rows of a page by its `id`; null where it has no such row."""

    table: FromClause
    key: str
    """The column of the list that holds the id."""
    columns: Sequence[ColumnElement[Any]]


class JoinedListing(Listing):
    """A list of one table, with columns of other tables. They are joined to the rows of the page alone."""

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
        """The statement of a page, joined to the other tables."""
        found = super().statement(newest_first, names, states).subquery()
        query, source = select(found), cast("FromClause", found)
        for table, key, columns in self.joins:
            query = query.add_columns(*columns)
            source = source.outerjoin(table, found.c[key] == table.c.id)
        return ordered(query.select_from(source), [found.c[key.key] for key in self.keys], newest_first)
