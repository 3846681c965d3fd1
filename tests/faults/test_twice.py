"""Repeated events, and repeated requests with a key, have one effect."""

import pytest

from tests.faults import books
from tests.faults.city import City
from tests.faults.copier import TIMES, Copier
from tests.faults.stream import Stream
from tests.hospital import eventually

pytestmark = [pytest.mark.faults, pytest.mark.servers]

HANDLED = 'matron_handled_seconds_count{{kind="event",name="{handler}",outcome="done",service="{service}"}}'


def test_events_sent_three_times_have_one_effect(city: City, rounds: int, clients: int) -> None:
    with Copier(city.amqp_url) as copier:
        before = {handler: _handled(city, handler) for handler in copier.handlers}
        with Stream(city, clients=clients) as stream:
            stream.wait_for_bookings(40 * rounds)
        books.assert_consistent(city, stream)
    for handler, copies in copier.copies.items():
        came = before[handler] + copies + copies // TIMES
        eventually(lambda handler=handler, came=came: _handled(city, handler) >= came, seconds=60)  # type: ignore[misc]
    books.assert_consistent(city, stream)
    assert copier.copies["notify.on_appointment_requested"] >= TIMES * 40 * rounds
    assert copier.copies["billing.on_visit_completed"]


def _handled(city: City, handler: str) -> float:
    """The number of events that a handler has handled or ignored as repeated."""
    service = handler.partition(".")[0]
    return city.metric(service, HANDLED.format(service=service, handler=handler))
