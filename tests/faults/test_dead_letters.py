"""A failing handler leaves dead letters, and a replay handles them after the repair."""

from collections.abc import Iterator
from contextlib import contextmanager

import kombu
import pytest

from chassis.messaging.topology import dead_queue
from tests.faults import books
from tests.faults.city import City
from tests.faults.stream import Stream
from tests.hospital import eventually

pytestmark = [pytest.mark.faults, pytest.mark.servers]

HEARD_OF_A_VISIT = 3
"""The events of a visit for notify: booked, completed, invoiced."""


@contextmanager
def _notify_that_gives_up_soon(city: City) -> Iterator[None]:
    """A notify service that attempts an event three times, within half a second."""
    notify = city.process("notify")
    usual = notify.environment
    for environment in ({**usual, "RETRY_DELAYS": "0.2,0.2"}, usual):
        notify.end()
        notify.environment = environment
        notify.start()
        city.wait_until_ready("notify")
        if environment is not usual:
            yield


@contextmanager
def _without_its_table(city: City) -> Iterator[None]:
    city.rows("notify", "ALTER TABLE notification RENAME TO mislaid")
    try:
        yield
    finally:
        city.rows("notify", "ALTER TABLE mislaid RENAME TO notification")


def _dead_letters(city: City) -> int:
    with kombu.Connection(city.amqp_url) as connection:
        return int(connection.default_channel.queue_declare(queue=dead_queue("notify"), passive=True).message_count)


def test_replay_handles_the_dead_letters_of_a_repaired_handler(city: City) -> None:
    with _notify_that_gives_up_soon(city):
        with _without_its_table(city):
            with Stream(city) as stream:
                stream.wait_for_bookings(10)
            expected = stream.statuses()[201] + HEARD_OF_A_VISIT * len(stream.visits)
            eventually(lambda: _dead_letters(city) >= expected, seconds=60)
        listing = city.matron("dead", "list", "notify", "--limit", "1000")
        assert listing.count("ProgrammingError") == expected
        assert city.matron("dead", "replay", "notify", "--all").startswith(f"{expected} of {expected}")
        books.assert_consistent(city, stream)
        assert _dead_letters(city) == 0
