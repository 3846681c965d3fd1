"""Two processes of a service relay one database: each event is sent once, in order."""

from collections.abc import Callable

import eventlet
import pytest

from tests.broker.place import Place, Raw, soon
from tests.ward import Ward

NOTES = 120


@pytest.fixture
def pair(amqp_url: str, database_url: str, open_place: Callable[..., Place]) -> Place:
    """Two wards on one PostgreSQL database, like two processes."""
    place = open_place(amqp_url, database_urls={"ward": database_url})
    place.serve(Ward, Ward)
    return place


def test_each_event_is_published_once_and_in_order(pair: Place, direct: Raw) -> None:
    queue, client = direct.listen("ward.events"), pair.client()
    calls = [eventlet.spawn(pair.write, client, f"note {number}") for number in range(NOTES)]
    notes = {call.wait()["id"] for call in calls}
    soon(lambda: None not in pair.sequences()[False])
    got = [direct.wait(queue) for _ in range(NOTES)]
    assert [int(one.headers["ce-sequence"]) for one in got] == list(range(1, NOTES + 1))
    assert {one.headers["ce-subject"] for one in got} == notes
    assert direct.get(queue) is None
