"""PostgreSQL is restarted under a stream of bookings."""

from collections.abc import Callable

import pytest

from tests.faults import books
from tests.faults.city import City
from tests.faults.stream import Stream
from tests.servers import PostgreSQL

pytestmark = [pytest.mark.faults, pytest.mark.servers]

BACK_SECONDS = 10.0


def test_a_database_that_is_shut_down_leaves_nothing_half_written(
    city: City, private_postgresql: PostgreSQL, rounds: int, clients: int
) -> None:
    _restart_under_load(city, private_postgresql, private_postgresql.stop, rounds, clients)


def test_a_database_that_crashes_leaves_nothing_half_written(
    city: City, private_postgresql: PostgreSQL, rounds: int, clients: int
) -> None:
    _restart_under_load(city, private_postgresql, private_postgresql.kill, rounds, clients)


def _restart_under_load(
    city: City, database: PostgreSQL, end: Callable[[], None], rounds: int, clients: int
) -> None:
    with Stream(city, clients=clients) as stream:
        for _ in range(rounds):
            end()
            database.start()
            stream.wait_for_bookings(clients, seconds=BACK_SECONDS)
    counted = books.check(city, stream)
    assert counted.statuses[503] + counted.statuses[504]
    assert set(counted.statuses) <= {201, 409, 503, 504}
