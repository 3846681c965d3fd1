"""The plans of statements in PostgreSQL, and the pages that they read."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from psycopg.sql import Literal

from chassis.persistence.database import Session
from tests.scheduling.recorded_sql import record_statements


class Explained(NamedTuple):
    """The plan of a statement, and the number of 8 KiB pages that PostgreSQL read for it."""

    plan: str
    pages: int


def explain_statements(session: Session, request: Callable[[], object]) -> list[Explained]:
    """Explain each statement that a request sends, with its generic plan."""
    with record_statements(session) as sent:
        request()
    return [_explained(session, statement, values) for statement, values in sent]


def _explained(session: Session, statement: str, values: dict[str, object]) -> Explained:
    names, connection = list(values), session.core.connection.driver_connection
    numbered = re.sub(r"%\((\w+)\)s", lambda match: f"${names.index(match[1]) + 1}", statement)
    given = ", ".join(Literal(value).as_string(connection) for value in values.values())
    connection.execute(f"PREPARE explained AS {numbered}")
    rows: list[Any] = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS) EXECUTE explained({given})").fetchall()
    connection.execute("DEALLOCATE explained")
    plan = "\n".join(row[0] for row in rows).partition("Planning")[0]
    return Explained(plan, sum(map(int, re.findall(r"(?:hit|read)=(\d+)", plan.partition("  ->")[0]))))
