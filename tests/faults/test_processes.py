"""Each process of the hospital in turn is killed under a stream of bookings and visits, or replaced in good order."""

import signal

import pytest

from tests.faults import books
from tests.faults.city import READY_SECONDS, City
from tests.faults.stream import Stream
from tests.hospital import PROCESSES

pytestmark = [pytest.mark.faults, pytest.mark.servers]


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_that_is_killed_loses_and_doubles_nothing(city: City, name: str, rounds: int, clients: int) -> None:
    with Stream(city, clients=clients) as stream:
        for _ in range(rounds):
            city.process(name).end(signal.SIGKILL)
            city.process(name).start()
            city.wait_until_ready(name)
            stream.wait_for_bookings(clients, seconds=READY_SECONDS)
    books.check(city, stream, unanswered=name == "gateway")


def test_replacing_one_of_two_processes_again_and_again_fails_no_request(city: City, rounds: int, clients: int) -> None:
    second = city.another("scheduling")
    try:
        with Stream(city, clients=clients) as stream:
            for _ in range(5 * rounds):
                assert city.process("scheduling").end() == 0
                city.process("scheduling").start()
                city.wait_until_ready("scheduling")
                stream.wait_for_bookings(clients, seconds=READY_SECONDS)
    finally:
        second.end()
    counted = books.check(city, stream)
    assert set(counted.statuses) == {201, 409}
