"""The metrics for operators: unsent events, dead letters, unrouted messages."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import insert, update
from uuid_utils.compat import uuid7

from chassis.messaging.topology import UNROUTED, dead_queue
from chassis.persistence.database import Database
from chassis.persistence.tables import outbox, relay
from matron import gauges
from matron.migrations import migrate
from tests.broker.place import Raw

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database of auth with an empty outbox."""
    made = Database(f"sqlite:///{tmp_path}/auth.db")
    migrate("auth", made)
    return made


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def say(database: Database, sequence: int | None, *, internal: bool, age: float) -> None:
    """A row of the outbox, `age` seconds old."""
    row = {
        "event_id": uuid7(), "name": "x", "internal": internal, "subject": "s", "data": {}, "correlation_id": "c",
        "occurred_at": NOON - timedelta(seconds=age), "sequence": sequence,
    }  # fmt: skip
    with database.begin() as session:
        session.execute(insert(outbox), row)


def test_unsent_events_are_counted_with_the_oldest_age(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.clock.now", lambda: NOON)
    for sequence, internal, age in ((1, False, 900), (2, False, 60), (1, True, 30), (None, True, 5)):
        say(database, sequence, internal=internal, age=age)
    with database.begin() as session:
        session.execute(update(relay).where(relay.c.internal.is_(False)).values(sent_through=1))
    gauges.measure_outbox("auth", database)
    assert value("matron_outbox_unsent", service="auth") == 3
    assert value("matron_outbox_oldest_seconds", service="auth") == 60
    database.close()


def test_outbox_without_unsent_events_has_age_zero(database: Database) -> None:
    gauges.measure_outbox("auth", database)
    assert value("matron_outbox_unsent", service="auth") == value("matron_outbox_oldest_seconds", service="auth") == 0
    database.close()


@pytest.mark.servers
def test_dead_letters_and_unrouted_messages_are_counted(amqp_url: str) -> None:
    raw = Raw(amqp_url)
    for queue, number in ((dead_queue("notify"), 2), (UNROUTED, 3)):
        raw.channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        for _ in range(number):
            raw.send(b"{}", queue)
    gauges.measure_queues(amqp_url)
    assert value("matron_dead_letters", service="notify") == 2
    assert value("matron_dead_letters", service="billing") == 0, "a service that has never run has none"
    assert value("matron_unrouted_messages") == 3
    raw.close()
