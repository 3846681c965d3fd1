"""RabbitMQ is killed, or frozen, under a stream of bookings."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults import books
from tests.faults.city import READY_SECONDS, City
from tests.faults.stream import Stream
from tests.servers import RabbitMQ

pytestmark = [pytest.mark.faults, pytest.mark.servers]


@contextmanager
def _nobody_lends_a_hand(city: City) -> Iterator[None]:
    """The processes are the same before and after, and all take work again."""
    before = {name: process.pid for name, process in city.hospital.processes.items()}
    yield
    city.wait_until_ready()
    assert before == {name: process.pid for name, process in city.hospital.processes.items() if process.is_running}


def test_a_broker_that_is_killed_loses_and_doubles_nothing(
    city: City, private_rabbitmq: RabbitMQ, rounds: int, outage: float, clients: int
) -> None:
    with _nobody_lends_a_hand(city), Stream(city, clients=clients) as stream:
        for _ in range(rounds):
            private_rabbitmq.kill()
            time.sleep(outage)
            private_rabbitmq.start()
            stream.wait_for_bookings(clients, seconds=READY_SECONDS)
    counted = books.check(city, stream)
    assert counted.statuses[503]


def test_a_broker_that_is_frozen_loses_and_doubles_nothing(
    city: City, private_rabbitmq: RabbitMQ, rounds: int, outage: float, clients: int
) -> None:
    with _nobody_lends_a_hand(city), Stream(city, clients=clients) as stream:
        for _ in range(rounds):
            private_rabbitmq.freeze()
            time.sleep(outage)
            private_rabbitmq.thaw()
            stream.wait_for_bookings(clients, seconds=READY_SECONDS)
    counted = books.check(city, stream)
    assert counted.statuses[504]
