"""A process is killed at the worst moments. A lock in its database stops it there."""

import signal
from dataclasses import dataclass

import pytest

from chassis.messaging.outbox import LOCK
from tests.faults import books
from tests.faults.city import City
from tests.faults.holding import held, wait_for_waiting
from tests.faults.stream import Stream

pytestmark = [pytest.mark.faults, pytest.mark.servers]


@dataclass(frozen=True)
class Moment:
    """The moment of the kill: while statements of the service wait for this lock."""

    service: str
    lock: str


MOMENTS = {
    "before-a-commit": Moment("scheduling", "LOCK TABLE appointment_change IN EXCLUSIVE MODE"),
    "before-an-event-is-sent": Moment("scheduling", f"SELECT pg_advisory_xact_lock({LOCK})"),
    "before-it-is-noted-that-an-event-was-sent": Moment("scheduling", "SELECT * FROM relay FOR UPDATE"),
    "before-a-notification": Moment("notify", "LOCK TABLE notification IN EXCLUSIVE MODE"),
    "before-an-invoice": Moment("billing", "LOCK TABLE ledger_entry IN EXCLUSIVE MODE"),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_service_killed_at_the_worst_moment_loses_and_doubles_nothing(
    city: City, moment: Moment, rounds: int, clients: int
) -> None:
    process = city.process(moment.service)
    with Stream(city, clients=clients) as stream:
        for _ in range(rounds):
            with held(city, moment.service, moment.lock):
                wait_for_waiting(city, moment.service)
                process.end(signal.SIGKILL)
            process.start()
            city.wait_until_ready(moment.service)
            stream.wait_for_bookings(clients)
    books.assert_consistent(city, stream)
