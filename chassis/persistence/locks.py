"""Locks on people's schedules, and the retry when the people of a record change before the locks are held."""

from collections.abc import Callable, Collection
from typing import TypeVar
from uuid import UUID

from chassis.persistence.database import Session

T = TypeVar("T")


def read_locked(
    session: Session,
    people: Callable[[], Collection[UUID]],
    read: Callable[[], T],
    people_of: Callable[[T], Collection[UUID]],
) -> T:
    """Lock the people of a record, then read the record, behind the locks of everyone in `people_of` the result.

    The people are read before the locks. If the result has other people, all locks are released and taken again: an
    additional lock, out of order, could deadlock. SQLite has one writer at a time, so it needs no lock.
    """
    if not session.is_postgresql:
        return read()
    while True:
        locked, loaded = set(people()), set(session.identity_map.values())
        session.later("SAVEPOINT people", ())
        session.lock_people(*locked)
        found = read()
        if locked.issuperset(people_of(found)):
            session.later("RELEASE SAVEPOINT people", ())
            return found
        session.core.exec_driver_sql("ROLLBACK TO SAVEPOINT people")
        for row in set(session.identity_map.values()) - loaded:
            session.expunge(row)
