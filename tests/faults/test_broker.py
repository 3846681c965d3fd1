"""RabbitMQ is killed or frozen under a stream of bookings."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults import books
from tests.faults.city import READY_SECONDS, City
from tests.faults.stream import Stream
from tests.hospital import eventually
from tests.servers import RabbitMQ

pytestmark = [pytest.mark.faults, pytest.mark.servers]

LINKS = 3
"""Connections of a service to the broker: to consume, to answer, and to publish."""


@contextmanager
def _nobody_lends_a_hand(city: City) -> Iterator[None]:
    """Assert that the processes are the same, all are ready, and each has its few connections."""
    before = {name: process.pid for name, process in city.hospital.processes.items()}
    yield
    city.wait_until_ready()
    assert before == {name: process.pid for name, process in city.hospital.processes.items() if process.is_running}
    usual = {name: 1 if name == "gateway" else LINKS for name in before}
    port = urlsplit(city.amqp_url).port or 0
    eventually(lambda: usual == {name: _connections(pid, port) for name, pid in before.items()})


def _connections(pid: int, port: int) -> int:
    """The number of connections of a process to a port, including half-closed ones."""
    files = {_target(each) for each in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    mine = [row for row in rows if f"socket:[{row[9]}]" in files]
    return sum(int(row[2].rpartition(":")[2], 16) == port for row in mine)


def _target(file: Path) -> str:
    """The target of a link. Empty if the link no longer exists."""
    try:
        return str(file.readlink())
    except OSError:
        return ""


def test_killed_broker_loses_and_doubles_nothing(
    city: City, private_rabbitmq: RabbitMQ, rounds: int, outage: float, clients: int
) -> None:
    with _nobody_lends_a_hand(city), Stream(city, clients=clients) as stream:
        for _ in range(rounds):
            private_rabbitmq.kill()
            time.sleep(outage)
            private_rabbitmq.start()
            stream.wait_for_bookings(clients, seconds=READY_SECONDS)
    counted = books.assert_consistent(city, stream)
    assert counted.statuses[503]


def test_frozen_broker_loses_and_doubles_nothing(
    city: City, private_rabbitmq: RabbitMQ, rounds: int, outage: float, clients: int
) -> None:
    with _nobody_lends_a_hand(city), Stream(city, clients=clients) as stream:
        for _ in range(rounds):
            private_rabbitmq.freeze()
            time.sleep(outage)
            private_rabbitmq.thaw()
            stream.wait_for_bookings(clients, seconds=READY_SECONDS)
    counted = books.assert_consistent(city, stream)
    assert counted.statuses[504]
