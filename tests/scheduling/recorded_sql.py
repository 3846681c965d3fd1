"""SQL statements that a session sends to its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from chassis.persistence.database import Session


@contextmanager
def record_statements(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """Yield a list. Each statement that is sent inside the block is added, with its values."""
    sent = list[tuple[str, Any]]()

    def add(_connection: object, _cursor: object, statement: str, values: Any, *_others: object) -> None:
        sent.append((statement, values))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", add)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", add)
