"""Work in several transactions at the same time."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import eventlet
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.errors import MatronError
from chassis.execution.run import retrying
from chassis.persistence.database import Database, Session

MAX_CONNECTIONS = 20
_HELD_LOCKS = text(
    """
    SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
    """
)


def in_transaction(database: Database, work: Callable[[Session], Any]) -> Any:
    """Run the work in its own transaction. Retry it as a service does, for example after a deadlock."""

    def once() -> Any:
        with database.begin() as session:
            return work(session)

    return retrying(once)


def outcome(database: Database, work: Callable[[Session], Any]) -> str:
    """Run the work in its own transaction. Return `done`, the refusal's code, or the class of the database error."""
    try:
        in_transaction(database, work)
    except MatronError as refusal:
        return refusal.code
    except DBAPIError as error:
        return type(error.orig).__name__
    return "done"


def run_at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run each work in a green thread, all at once; return the results in the order of the works."""
    with eventlet.Timeout(30):
        return [thread.wait() for thread in [eventlet.spawn(work) for work in works]]


def outcomes_at_once(database: Database, works: Sequence[Callable[[Session], Any]]) -> Counter[str]:
    """Run each work in its own transaction, all at once; count the outcomes. Connections are opened before."""
    with ExitStack() as stack:
        for _ in works[:MAX_CONNECTIONS]:
            stack.enter_context(database.autocommit())
    return Counter(run_at_once(*(partial(outcome, database, work) for work in works)))


def held_locks(session: Session) -> set[int]:
    """The advisory locks of this session. SQLite has none."""
    return set(session.scalars(_HELD_LOCKS)) if session.is_postgresql else set()
