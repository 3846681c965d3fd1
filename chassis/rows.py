"""Rows that are only added, such as history, events and audit: all of a transaction's in one statement.

A round trip costs a write more than anything else (measured: five statements less took a third off a booking), so what
nothing in the transaction reads again is gathered and written at its end.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import JSON, Table, insert

from chassis.database import Session

Row = tuple[Table, Mapping[str, Any]]


def add(session: Session, rows: Sequence[Row]) -> None:
    """Add the rows, those of each table in order: with the next statement or COMMIT, where an error shows."""
    if not rows:
        return
    if not session.is_postgresql:
        for table, values in rows:
            session.execute(insert(table), values)
        return
    groups = _grouped(rows)
    statement = _statement(tuple((*kind, len(group)) for kind, group in groups.items()))
    parameters = [_native(kind[0], *pair) for kind, group in groups.items() for row in group for pair in row.items()]
    session.later(statement, parameters)


def _grouped(rows: Sequence[Row]) -> dict[tuple[Table, tuple[str, ...]], list[Mapping[str, Any]]]:
    """The rows of one table together: PostgreSQL does the parts of a `WITH` in no order, a part's rows in theirs."""
    groups: dict[tuple[Table, tuple[str, ...]], list[Mapping[str, Any]]] = {}
    for table, values in rows:
        groups.setdefault((table, tuple(values)), []).append(values)
    return groups


@cache
def _statement(shape: tuple[tuple[Table, tuple[str, ...], int], ...]) -> str:
    """`WITH r0 AS (INSERT ...), r1 AS (INSERT ...) SELECT 1`, made once for each shape of rows."""
    inserts = [f"r{number} AS ({_insert(*part)})" for number, part in enumerate(shape)]
    return f"WITH {', '.join(inserts)} SELECT 1"


def _insert(table: Table, names: tuple[str, ...], count: int) -> str:
    columns = ", ".join(f'"{table.c[name].name}"' for name in names)
    values = ", ".join([f"({', '.join(['%s'] * len(names))})"] * count)
    return f'INSERT INTO "{table.name}" ({columns}) VALUES {values}'  # noqa: S608  names are ours


def _native(table: Table, name: str, value: Any) -> Any:
    """JSON as text; psycopg knows the rest."""
    return orjson.dumps(value).decode() if isinstance(table.c[name].type, JSON) and value is not None else value
