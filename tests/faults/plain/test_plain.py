"""The failures of plain nameko. Each test asserts a failure that Matron avoids, as another test shows.

A test here that fails is good news from nameko, and a reason to look whether ours still has to do what it does.
"""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import kombu
import pytest

from tests.faults.books import DEADLINE_SECONDS, GRACE_SECONDS
from tests.faults.holding import Later
from tests.faults.plain.pair import EVENTS, Pair
from tests.hospital import eventually
from tests.servers import RabbitMQ

pytestmark = [pytest.mark.faults, pytest.mark.servers]

RPC = "rpc-plain_bookings"
FAILED = "error handling worker"
END_SECONDS = 10.0


@pytest.fixture
def pair(private_rabbitmq: RabbitMQ, tmp_path: Path) -> Iterator[Pair]:
    """Both services, running."""
    pair = Pair(tmp_path, private_rabbitmq.vhost())
    pair.start(pair.notifier, EVENTS)
    pair.start(pair.bookings, RPC)
    yield pair
    for process in (pair.bookings, pair.notifier):
        process.end(signal.SIGKILL)


def _book_and_stop_before_the_event(pair: Pair, key: str) -> Later:
    booking = Later(lambda: pair.book(key))
    eventually(lambda: pair.count("booking", key))
    return booking


def test_killed_broker_loses_the_event_of_a_stored_booking(pair: Pair, private_rabbitmq: RabbitMQ) -> None:
    with pair.being("slow"):
        _book_and_stop_before_the_event(pair, "one")
        private_rabbitmq.kill()
    eventually(lambda: FAILED in pair.bookings.text(), seconds=30)
    private_rabbitmq.start()
    pair.notifier.end(signal.SIGKILL)
    pair.start(pair.notifier, EVENTS)
    assert pair.waiting_events() == 0
    assert (pair.count("booking", "one"), pair.count("notification", "one")) == (1, 0)


def test_frozen_broker_hangs_callers_and_processes(pair: Pair, private_rabbitmq: RabbitMQ) -> None:
    with pair.being("slow"):
        booking = _book_and_stop_before_the_event(pair, "one")
        private_rabbitmq.freeze()
        began = time.monotonic()
    pair.bookings.send(signal.SIGTERM)
    time.sleep(END_SECONDS)
    assert time.monotonic() - began > DEADLINE_SECONDS + GRACE_SECONDS
    assert booking.is_alive()
    assert pair.bookings.is_running


def test_killed_service_books_twice(pair: Pair) -> None:
    with pair.being("slow"):
        booking = _book_and_stop_before_the_event(pair, "one")
        pair.bookings.end(signal.SIGKILL)
        pair.start(pair.bookings, RPC)
    assert booking.result() == "one"
    assert pair.count("booking", "one") == 2


def test_repeated_event_notifies_twice(pair: Pair) -> None:
    with kombu.Connection(pair.amqp_url) as connection:
        for _ in range(2):
            connection.Producer().publish({"key": "one"}, routing_key=EVENTS, serializer="json")
    assert eventually(lambda: pair.count("notification", "one") == 2)


def test_event_of_a_failing_handler_is_lost(pair: Pair) -> None:
    with pair.being("broken"):
        pair.book("one")
        eventually(lambda: FAILED in pair.notifier.text())
    pair.book("two")
    eventually(lambda: pair.count("notification", "two"))
    assert (pair.waiting_events(), pair.count("notification", "one")) == (0, 0)
