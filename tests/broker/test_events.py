"""Events on the wire: CloudEvents, in order, without gaps, internal ones separate."""

from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_binary_event

from chassis.messaging.delivery import bytes_of
from chassis.messaging.topology import ALL_EVENTS
from tests.broker.place import Place, Raw, soon
from tests.ward import Desk, Ward

NOTES = 30


@pytest.fixture
def ward(place: Place) -> Place:
    """A place with a running ward."""
    place.serve(Ward)
    return place


def test_official_sdk_reads_our_events(ward: Place, raw: Raw) -> None:
    queue = raw.listen("ward.events")
    note = ward.write(ward.client())
    got = raw.wait(queue)
    event = from_binary_event(RabbitMQMessage(got.headers, got.content_type, bytes_of(got.body)))
    attributes = event.get_attributes()
    assert event.get_data() == {"note_id": note["id"]}
    assert (event.get_source(), event.get_type(), event.get_subject()) == ("/ward", "note_written", note["id"])
    assert (attributes["specversion"], attributes["sequence"], attributes["correlationid"]) == (
        "1.0", f"{1:019}", "request-1",
    )  # fmt: skip
    assert abs((datetime.now(UTC) - attributes["time"]).total_seconds()) < 60


def test_event_carries_no_context_of_its_worker(ward: Place, raw: Raw) -> None:
    queue = raw.listen("ward.events")
    ward.write(ward.client())
    assert [name for name in raw.wait(queue).headers if not name.startswith("ce-")] == []


def test_events_keep_their_order_and_have_no_gaps(ward: Place, raw: Raw) -> None:
    public, client = raw.listen("ward.events"), ward.client()
    notes = [ward.write(client, f"note {number}")["id"] for number in range(NOTES)]
    got = [raw.wait(public) for _ in notes]
    assert [message.headers["ce-subject"] for message in got] == notes
    sequences = [message.headers["ce-sequence"] for message in got]
    assert [int(sequence) for sequence in sequences] == list(range(1, NOTES + 1))
    assert sorted(sequences) == sequences, "a text that sorts as the number does, as CloudEvents wants it"


def test_each_audience_has_its_own_sequence(ward: Place, raw: Raw) -> None:
    queue, client = raw.listen("ward.internal"), ward.client()
    for number in range(3):
        ward.write(client, f"note {number}")
    assert [int(raw.wait(queue).headers["ce-sequence"]) for _ in range(3)] == [1, 2, 3]


def test_rolled_back_transaction_leaves_no_gap(ward: Place, raw: Raw) -> None:
    queue, client = raw.listen("ward.events"), ward.client()
    ward.write(client, "first")
    with pytest.raises(Exception, match="text_taken"):
        ward.write(client, "first", key="another key")
    ward.write(client, "second")
    assert [int(raw.wait(queue).headers["ce-sequence"]) for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("exchange", ["ward.events", ALL_EVENTS])
def test_internal_events_reach_no_public_exchange(ward: Place, raw: Raw, exchange: str) -> None:
    outside, inside = raw.listen(exchange), raw.listen("ward.internal")
    ward.write(ward.client())
    assert raw.wait(inside).headers["ce-type"] == "note_whispered"
    assert raw.wait(outside).headers["ce-type"] == "note_written"
    assert raw.get(outside) is None


def test_one_exchange_has_the_public_events_of_all_services(ward: Place, raw: Raw) -> None:
    queue = raw.listen(ALL_EVENTS)
    note = ward.write(ward.client())
    assert raw.wait(queue).headers["ce-subject"] == note["id"]


def test_events_wait_for_consumers_that_never_ran(ward: Place) -> None:
    client = ward.client()
    notes = [ward.write(client, f"note {number}")["id"] for number in range(3)]
    soon(lambda: ward.sequences()[False] == [1, 2, 3])
    ward.serve(Desk)
    soon(lambda: len(ward.heard()) == len(notes))
    assert sorted(str(one.note_id) for one in ward.heard()) == sorted(notes)


def test_repeated_event_has_one_effect(ward: Place, raw: Raw) -> None:
    queue = raw.listen("ward.events")
    ward.serve(Desk)
    first = ward.write(ward.client(), "first")
    got = raw.wait(queue)
    soon(ward.heard)
    for _ in range(5):
        raw.send(bytes_of(got.body), "note_written", "ward.events", headers=got.headers)
    last = ward.write(ward.client(), "last")
    soon(lambda: len(ward.heard()) > 1)
    soon(lambda: raw.count("evt-ward-note_written--desk.on_note_written") == 0)
    assert sorted(str(one.note_id) for one in ward.heard()) == sorted([first["id"], last["id"]])
