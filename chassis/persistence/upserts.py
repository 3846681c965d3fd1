"""Upserts: one statement inserts a row, or changes the row with the same keys, so that two callers do not race."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Executable, Table, bindparam, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from chassis.persistence.database import Session

INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
Row = Mapping[str, object]
New = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]
"""The columns of a row that an upsert would insert."""


def if_new(table: Table, *left_out: str) -> dict[str, Executable]:
    """By dialect: insert a row, without these columns, unless its key exists. A row comes back if it was inserted."""
    values: dict[str, object] = {c.name: bindparam(c.name) for c in table.c if c.name not in left_out}
    return {
        dialect: insert(table).values(values).on_conflict_do_nothing().returning(literal_column("1"))
        for dialect, insert in INSERTS.items()
    }


def upsert(
    session: Session,
    model: type[DeclarativeBase],
    rows: Row | Sequence[Row],
    keys: str,
    changes: Callable[[New], Row] | None = None,
    where: Callable[[New], ColumnElement[bool]] | None = None,
) -> bool:
    """Insert the rows; returns whether any row was written.

    For a row whose `keys` exist, make the `changes` if `where` allows them. Without `changes`, leave the row alone.
    Both functions get the columns of the new row. `keys` are column names with blanks between them.
    """
    statement, names = INSERTS[session.get_bind().dialect.name](model).values(rows), keys.split()
    if changes is None:
        statement = statement.on_conflict_do_nothing(index_elements=names)
    else:
        new = statement.excluded
        allowed = None if where is None else where(new)
        statement = statement.on_conflict_do_update(index_elements=names, set_=changes(new), where=allowed)
    return session.execute(statement.returning(getattr(model, names[0]))).first() is not None


def keep(session: Session, model: type[DeclarativeBase], keys: str, version: str, **facts: object) -> bool:
    """Write a copy of another service's facts, unless the stored copy is as new; returns whether it was written.

    The owner's events may come twice, late, and in any order: `version` is a column that grows with each change at the
    owner. `keys` are as in `upsert`.
    """
    changed = facts.keys() - set(keys.split())
    return upsert(
        session,
        model,
        facts,
        keys,
        lambda new: {name: new[name] for name in changed},
        lambda new: getattr(model, version) < new[version],
    )
