"""The content of auth's database, and the statements that it gets."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

import orjson
from sqlalchemy import Connection, Engine, event, func, select, update

from chassis.execution.run import add_events
from chassis.persistence import tables
from chassis.persistence.database import Session
from services.auth.models.base import Base


def everything(session: Session) -> str:
    """The whole database as text in lower case."""
    both = (Base.metadata, tables.metadata)
    rows = [[*row] for one in both for table in one.sorted_tables for row in session.execute(select(table))]
    return orjson.dumps(rows, default=str).decode().lower()


def sent(session: Session) -> None:
    """Write the published events to the outbox, and mark them as sent."""
    add_events(session)
    session.published.clear()
    session.execute(update(tables.outbox).values(sequence=tables.outbox.c.position))
    last = select(func.max(tables.outbox.c.position)).scalar_subquery()
    session.execute(update(tables.relay).values(sent_through=last))


@contextmanager
def statements(bind: Connection | Engine) -> Iterator[list[str]]:
    """The SQL statements sent in the block, including those sent with the next statement or COMMIT."""
    found, later = list[str](), Session.later

    def note_later(session: Session, statement: str, parameters: Sequence[object]) -> None:
        found.append(statement)
        later(session, statement, parameters)

    note = lambda _connection, _cursor, statement, *_others: found.append(statement)  # noqa: E731
    event.listen(bind, "before_cursor_execute", note)
    try:
        with patch.object(Session, "later", note_later):
            yield found
    finally:
        event.remove(bind, "before_cursor_execute", note)
