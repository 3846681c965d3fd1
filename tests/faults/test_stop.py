"""SIGTERM: running requests are answered, and the process ends, also without its servers."""

import time
from functools import partial

import pytest

from contracts.roles import Role
from tests.faults.city import City
from tests.faults.holding import Later, at_once, held, wait_for_waiting
from tests.faults.stream import book
from tests.hospital import PROCESSES, eventually
from tests.servers import PostgreSQL, RabbitMQ

pytestmark = [pytest.mark.faults, pytest.mark.servers]

SLOW_SECONDS = 2.0
END_SECONDS = 10.0
TOLD = "SELECT id FROM notification WHERE subject_id::text = :visit"
HOLD_UP = "LOCK TABLE appointment_change IN EXCLUSIVE MODE"


def _booking(city: City) -> Later:
    """A running booking."""
    return Later(partial(book, city.person(Role.PATIENT), next(city.slots), ""))


def _end(city: City, name: str) -> tuple[int, float]:
    """End a process with SIGTERM. Return its exit code and the seconds."""
    began = time.monotonic()
    return city.process(name).end(), time.monotonic() - began


@pytest.mark.parametrize("name", ["gateway", "scheduling"])
def test_slow_request_is_answered_before_its_process_ends(city: City, name: str) -> None:
    with held(city, "scheduling", HOLD_UP):
        booking = _booking(city)
        wait_for_waiting(city, "scheduling")
        ending = Later(partial(_end, city, name))
        time.sleep(SLOW_SECONDS)
        assert city.process(name).is_running
    answer = booking.result()
    assert answer.status == 201
    code, seconds = ending.result()
    assert code == 0
    assert seconds < END_SECONDS
    # The event was sent before the process ended.
    eventually(lambda: city.rows("notify", TOLD, visit=answer.id))


@pytest.mark.parametrize("hurt", ["freeze", "kill"])
def test_process_ends_in_time_in_any_state_of_its_servers(
    city: City, private_rabbitmq: RabbitMQ, private_postgresql: PostgreSQL, hurt: str
) -> None:
    with held(city, "scheduling", HOLD_UP):
        bookings = [_booking(city) for _ in range(4)]
        wait_for_waiting(city, "scheduling")
        at_once([getattr(server, hurt) for server in (private_rabbitmq, private_postgresql)])
        endings = at_once([partial(_end, city, name) for name in PROCESSES])
    took = dict(zip(PROCESSES, endings, strict=True))
    print(took)
    assert not {name: seconds for name, (_code, seconds) in took.items() if seconds > END_SECONDS}
    assert {booking.result().status for booking in bookings} <= {503, 504}
