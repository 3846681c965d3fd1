"""PostgreSQL is restarted under a stream of bookings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import pytest

from contracts.roles import Role
from tests.faults import books
from tests.faults.city import City
from tests.faults.holding import Later
from tests.faults.stream import Stream, book
from tests.hospital import eventually
from tests.servers import PostgreSQL

pytestmark = [pytest.mark.faults, pytest.mark.servers]

BACK_SECONDS = 10.0
RELOAD = "SELECT pg_reload_conf()"
CUT_OFF = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'SyncRep' AND query LIKE 'COMMIT%'
"""
KEPT = "SELECT reply->'is'->>'id' FROM idempotency WHERE key = :key"


def test_database_shutdown_leaves_nothing_half_written(
    city: City, private_postgresql: PostgreSQL, rounds: int, clients: int
) -> None:
    _assert_restarts_lose_nothing(city, private_postgresql, private_postgresql.stop, rounds, clients)


def test_database_crash_leaves_nothing_half_written(
    city: City, private_postgresql: PostgreSQL, rounds: int, clients: int
) -> None:
    _assert_restarts_lose_nothing(city, private_postgresql, private_postgresql.kill, rounds, clients)


def _assert_restarts_lose_nothing(
    city: City, database: PostgreSQL, end: Callable[[], None], rounds: int, clients: int
) -> None:
    with Stream(city, clients=clients) as stream:
        for _ in range(rounds):
            end()
            database.start()
            stream.wait_for_bookings(clients, seconds=BACK_SECONDS)
    counted = books.assert_consistent(city, stream)
    assert counted.statuses[503] + counted.statuses[504]
    assert set(counted.statuses) <= {201, 409, 503, 504}


def test_unconfirmed_commit_is_not_reported_as_failed(city: City) -> None:
    work = partial(book, city.person(Role.PATIENT), next(city.slots), str(uuid4()))
    with _commits_that_wait(city):
        answer = Later(work)
        # The commit is written and becomes visible after the wait, but its client does not know.
        eventually(lambda: city.rows("scheduling", CUT_OFF))
        unknown = answer.result()
    assert (unknown.status, unknown.code) == (504, "no_answer")
    again = unknown.again()
    assert (again.status, city.rows("scheduling", KEPT, key=again.key)) == (201, [(again.id,)])


@contextmanager
def _commits_that_wait(city: City) -> Iterator[None]:
    """A missing standby: every commit waits for it after it has been written."""
    city.rows("scheduling", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    city.rows("scheduling", RELOAD)
    try:
        yield
    finally:
        city.rows("scheduling", "ALTER SYSTEM RESET synchronous_standby_names")
        city.rows("scheduling", RELOAD)
