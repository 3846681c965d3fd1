"""Whatever comes twice has its effect once: events, and requests with a key."""

import pytest

from tests.faults import books
from tests.faults.city import City
from tests.faults.copier import TIMES, Copier
from tests.faults.stream import Stream
from tests.hospital import eventually

pytestmark = [pytest.mark.faults, pytest.mark.servers]

HANDLED = 'matron_handled_seconds_count{{kind="event",name="{handler}",outcome="done",service="{service}"}}'


def test_events_that_come_three_times_have_their_effects_once(city: City, rounds: int, clients: int) -> None:
    with Copier(city.amqp_url) as copier:
        before = {handler: _handled(city, handler) for handler in copier.handlers}
        with Stream(city, clients=clients) as stream:
            stream.wait_for_bookings(40 * rounds)
        books.check(city, stream)
    for handler, copies in copier.copies.items():
        came = before[handler] + copies + copies // TIMES
        eventually(lambda handler=handler, came=came: _handled(city, handler) >= came, seconds=60)  # type: ignore[misc]
    books.check(city, stream)
    assert copier.copies["notify.on_appointment_requested"] >= TIMES * 40 * rounds
    assert copier.copies["billing.on_visit_completed"]


def _handled(city: City, handler: str) -> float:
    """How often a handler has done its work, or found that it was done."""
    service = handler.partition(".")[0]
    return city.metric(service, HANDLED.format(service=service, handler=handler))
