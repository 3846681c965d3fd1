"""Events in the outbox: numbered in the order of their commit, sent in order, and marked when the broker has them."""

from typing import Any

import orjson
import pytest
from sqlalchemy import select

from chassis.errors import Unavailable
from chassis.messaging import outbox
from chassis.messaging.outbox import Relay, message_of, origin_of
from chassis.persistence import tables
from chassis.persistence.database import Database
from tests.chassis.hosts import WRITE, rows, run


class FakePublisher:
    """A publisher that takes messages, or refuses them."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.fails = False
        self.link: Any = self
        self.is_up = True

    def publish(self, messages: list[Any]) -> None:
        """Take all, or none."""
        if self.fails:
            raise Unavailable("broker_down", "")
        self.sent += messages


@pytest.fixture
def publisher() -> FakePublisher:
    """Where the relay publishes."""
    return FakePublisher()


@pytest.fixture
def relay(database: Database, publisher: FakePublisher) -> Relay:
    """The relay of the ward, whose batches the test does by hand."""
    return Relay("ward", database, publisher)  # type: ignore[arg-type]


def write(database: Database, *texts: str) -> None:
    """Write notes, each with a public and an internal event."""
    for text in texts:
        run(WRITE, database, {"text": text}, key=text)


def numbers(publisher: FakePublisher, exchange: str = "ward.events") -> list[int]:
    """The sequences that were published, in order."""
    return [int(one.headers["ce-sequence"]) for one in publisher.sent if one.exchange == exchange]


def test_each_audience_is_numbered_by_itself_without_gaps(
    database: Database, relay: Relay, publisher: FakePublisher
) -> None:
    write(database, "a", "b")
    assert relay.relay_batch() == 4
    write(database, "c")
    assert relay.relay_batch() == 2
    assert (numbers(publisher), numbers(publisher, "ward.internal")) == ([1, 2, 3], [1, 2, 3])


def test_the_events_of_one_transaction_keep_their_order(
    database: Database, relay: Relay, publisher: FakePublisher
) -> None:
    write(database, "a", "b", "c")
    relay.relay_batch()
    assert [one.routing_key for one in publisher.sent] == ["note_written", "note_whispered"] * 3


def test_what_was_sent_is_not_sent_again(database: Database, relay: Relay, publisher: FakePublisher) -> None:
    write(database, "a")
    relay.relay_batch()
    assert (relay.relay_batch(), len(publisher.sent)) == (0, 2)


def test_what_the_broker_did_not_take_is_sent_again_with_the_same_numbers(
    database: Database, relay: Relay, publisher: FakePublisher
) -> None:
    write(database, "a")
    publisher.fails = True
    with pytest.raises(Unavailable):
        relay.relay_batch()
    write(database, "b")
    publisher.fails = False
    relay.relay_batch()
    assert numbers(publisher) == [1, 2]


def test_events_of_several_batches_are_sent_in_order(
    database: Database, relay: Relay, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH", 5)
    write(database, *"abcdefgh")
    assert relay._relay_all()
    assert numbers(publisher) == list(range(1, 9))


def test_relay_survives_an_unexpected_exception(
    database: Database, relay: Relay, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database, "a")
    monkeypatch.setattr(publisher, "publish", lambda _messages: 1 / 0)
    assert not relay._relay_all()


def test_message_carries_the_origin_of_its_event(database: Database, relay: Relay) -> None:
    write(database, "a")
    relay.publisher.fails = True  # type: ignore[attr-defined]
    with pytest.raises(Unavailable):
        relay.relay_batch()
    row = rows(database, tables.outbox)[0]
    message = message_of("ward", row)
    origin = origin_of(dict(message.headers))
    assert (origin.event_id, origin.source, origin.name, origin.sequence) == (row.event_id, "ward", "note_written", 1)
    assert (origin.occurred_at, origin.correlation_id) == (row.occurred_at, "request-1")
    assert orjson.loads(message.body) == row.data
    assert message.properties["delivery_mode"] == 2


def test_marks_say_how_far_each_audience_has_got(database: Database, relay: Relay) -> None:
    write(database, "a", "b")
    relay.relay_batch()
    with database.read() as session:
        marks = session.execute(select(tables.relay.c.internal, tables.relay.c.sent_through)).all()
    assert {tuple(mark) for mark in marks} == {(False, 2), (True, 2)}
