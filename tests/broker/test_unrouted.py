"""No event is lost because no queue takes it: it is kept in `unrouted`, counted, and the next ones find their queue."""

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
    """How many events of a service no queue has taken, as an operator sees it."""
    return REGISTRY.get_sample_value("matron_events_unrouted_total", {"service": service}) or 0.0


def kept(raw: Raw) -> list[Any]:
    """What is in `unrouted`; it is gone from there then."""
    return [raw.wait(UNROUTED) for _ in range(raw.count(UNROUTED))]


def test_an_event_that_no_queue_takes_is_kept_and_counted(place: Place, raw: Raw) -> None:
    place.serve(Ward)
    before = counted()
    raw.channel.queue_delete(QUEUE)
    notes = [place.write(place.client(), f"note {number}")["id"] for number in range(3)]
    soon(lambda: raw.count(UNROUTED) == len(notes))
    got = kept(raw)
    assert [one.headers["ce-subject"] for one in got] == notes
    assert {one.headers["ce-type"] for one in got} == {"note_written"}
    assert counted() - before == len(notes)


def test_an_event_that_another_system_takes_is_not_kept(place: Place, raw: Raw) -> None:
    place.serve(Ward)
    raw.channel.queue_delete(QUEUE)
    partner = raw.listen(ALL_EVENTS)
    place.write(place.client())
    raw.wait(partner)
    raw.wait(WHISPERS)
    assert raw.count(UNROUTED) == 0


def test_an_event_that_is_said_for_other_systems_alone_needs_none(
    place: Place, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NoteWritten, "heard_by", ())
    monkeypatch.setattr("chassis.messaging.outbox._for_whoever_listens", lambda name: name == "note_written")
    place.serve(Ward)
    place.write(place.client())
    raw.wait(WHISPERS)
    assert raw.count(UNROUTED) == 0


def test_a_queue_that_somebody_deleted_is_there_again_before_its_service_runs(
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
    assert link.connection is connection, "to declare what is there is no reason to connect anew"
    probe.close()


def test_a_queue_that_is_deleted_while_its_service_reads_from_it_is_told_and_made_again(place: Place, raw: Raw) -> None:
    place.serve(Ward, Desk)
    of_queue = {"service": "desk", "queue": QUEUE}
    before = REGISTRY.get_sample_value("matron_queues_deleted_total", of_queue) or 0.0
    raw.channel.queue_delete(QUEUE)
    soon(lambda: REGISTRY.get_sample_value("matron_queues_deleted_total", of_queue) == before + 1)
    soon(lambda: raw.exists(QUEUE))
    place.write(place.client())
    soon(place.heard)


def test_an_event_whose_dead_letter_queue_is_gone_is_kept(place: Place, raw: Raw, steps: Steps) -> None:
    def fail() -> None:
        raise delivery.Undeliverable

    steps.hear = fail
    place.serve(Ward, Desk)
    raw.channel.queue_delete(dead_queue("desk"))
    note = place.write(place.client())
    soon(lambda: raw.count(UNROUTED) == 1)
    assert [one.headers["ce-subject"] for one in kept(raw)] == [note["id"]]
