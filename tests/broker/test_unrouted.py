"""An event that reaches no queue is kept in `unrouted` and counted, and later events find their queue."""

from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.messaging import consumer, delivery
from chassis.messaging.topology import ALL_EVENTS, UNROUTED, dead_queue
from tests.broker.place import Place, Raw, broker_of, soon
from tests.ward import Desk, NoteWritten, Steps, Ward

QUEUE = NoteWritten.queue_of("desk.on_note_written")
WHISPERS = "evt-ward-note_whispered--desk.on_note_whispered"


def counted(service: str = "ward") -> float:
    """The metric of unrouted events of a service."""
    return REGISTRY.get_sample_value("matron_events_unrouted_total", {"service": service}) or 0.0


def kept(raw: Raw) -> list[Any]:
    """Take all messages out of `unrouted`."""
    return [raw.wait(UNROUTED) for _ in range(raw.count(UNROUTED))]


def test_unrouted_event_is_kept_and_counted(place: Place, raw: Raw) -> None:
    place.serve(Ward)
    before = counted()
    raw.channel.queue_delete(QUEUE)
    notes = [place.write(place.client(), f"note {number}")["id"] for number in range(3)]
    soon(lambda: raw.count(UNROUTED) == len(notes))
    got = kept(raw)
    assert [one.headers["ce-subject"] for one in got] == notes
    assert {one.headers["ce-type"] for one in got} == {"note_written"}
    assert counted() - before == len(notes)


def test_event_for_another_system_is_not_kept(place: Place, raw: Raw) -> None:
    place.serve(Ward)
    raw.channel.queue_delete(QUEUE)
    partner = raw.listen(ALL_EVENTS)
    place.write(place.client())
    raw.wait(partner)
    raw.wait(WHISPERS)
    assert raw.count(UNROUTED) == 0


def test_event_for_outside_needs_no_queue(place: Place, raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NoteWritten, "heard_by", ())
    monkeypatch.setattr("chassis.messaging.outbox._for_whoever_listens", lambda name: name == "note_written")
    place.serve(Ward)
    place.write(place.client())
    raw.wait(WHISPERS)
    assert raw.count(UNROUTED) == 0


def test_deleted_queue_is_declared_again_by_the_publisher(
    place: Place, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RENEW_SECONDS", 0.05)
    [container] = place.serve(Ward)
    link = broker_of(container).publisher.link
    connection = link.connection
    raw.channel.queue_delete(QUEUE)
    probe = Raw(place.url)
    client = place.client()
    soon(lambda: probe.exists(QUEUE))
    note = place.write(client)
    assert raw.wait(QUEUE).headers["ce-subject"] == note["id"]
    assert link.connection is connection, "a repeated declaration must not cause a reconnect"
    probe.close()


def test_queue_deleted_while_read_is_reported_and_declared_again(place: Place, raw: Raw) -> None:
    place.serve(Ward, Desk)
    of_queue = {"service": "desk", "queue": QUEUE}
    before = REGISTRY.get_sample_value("matron_queues_deleted_total", of_queue) or 0.0
    raw.channel.queue_delete(QUEUE)
    soon(lambda: REGISTRY.get_sample_value("matron_queues_deleted_total", of_queue) == before + 1)
    soon(lambda: raw.exists(QUEUE))
    place.write(place.client())
    assert soon(place.heard)


def test_event_is_kept_when_its_dead_letter_queue_is_missing(place: Place, raw: Raw, steps: Steps) -> None:
    def fail() -> None:
        raise delivery.Undeliverable

    steps.hear = fail
    place.serve(Ward, Desk)
    raw.channel.queue_delete(dead_queue("desk"))
    note = place.write(place.client())
    soon(lambda: raw.count(UNROUTED) == 1)
    assert [one.headers["ce-subject"] for one in kept(raw)] == [note["id"]]
