"""An unreadable queue affects only itself, is reported, and heals by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from eventlet import tpool
from nameko.containers import ServiceContainer

from telemetry.metrics import QUEUES_UNREAD
from tests.broker.place import Place, Raw, broker_of, soon
from tests.broker.proxy import Proxy
from tests.servers import RabbitMQ
from tests.servers.processes import Unavailable
from tests.ward import Desk, Ward
from transports import readers

WRITTEN = "evt-ward-note_written--desk.on_note_written"
WHISPERED = "evt-ward-note_whispered--desk.on_note_whispered"
NAMED = f"desk.queue.{WRITTEN}"
LINKS_OF_A_SERVICE = 3
NOTES = 5


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the delays between retries."""
    monkeypatch.setattr(readers, "TRY_DELAYS", (0.0, 0.1, 0.2))


@pytest.fixture
def rabbit(amqp_url: str) -> Any:
    """A plain client of RabbitMQ."""
    client = Raw(amqp_url)
    yield client
    client.close()


def hold(client: Raw, queue: str) -> None:
    """Declare the queue as exclusive to the connection of this client."""
    client.channel.queue_declare(queue, durable=False, exclusive=True, auto_delete=False)


def is_unread() -> float:
    """The metric of the broken queue."""
    return float(QUEUES_UNREAD.labels("desk", WRITTEN)._value.get())


def reads_others(desk: ServiceContainer) -> bool:
    """Whether the link reads the other queue, which follows the broken one."""
    broker = broker_of(desk)
    return broker.consuming.is_up and set(broker.reader.tags) == {WHISPERED}


def test_queue_held_by_another_client_affects_only_itself_and_heals(
    amqp_url: str, rabbit: Raw, open_place: Callable[..., Place]
) -> None:
    place = open_place(amqp_url)
    hold(rabbit, WRITTEN)
    desk = place.start(Desk)
    soon(lambda: reads_others(desk) and place.health["desk"].failing() == [NAMED])
    assert is_unread()
    rabbit.connection.close()
    soon(lambda: not place.health["desk"].failing())
    place.serve(Ward)
    place.write(place.client(), "for the desk")
    soon(lambda: len(place.heard()) == 1)
    assert not is_unread()


def test_undeclarable_queue_affects_only_itself_and_heals(
    amqp_url: str, rabbit: Raw, open_place: Callable[..., Place]
) -> None:
    rabbit.channel.queue_declare(WRITTEN, durable=False, auto_delete=False)
    place = open_place(amqp_url)
    desk = place.start(Desk)
    soon(lambda: reads_others(desk) and place.health["desk"].failing() == [NAMED])
    rabbit.channel.queue_delete(WRITTEN)
    soon(lambda: not place.health["desk"].failing())
    assert set(broker_of(desk).reader.tags) == {WRITTEN, WHISPERED}


def test_queue_refused_to_a_publisher_delays_no_other_event(
    amqp_url: str, rabbit: Raw, open_place: Callable[..., Place]
) -> None:
    hold(rabbit, WRITTEN)
    place = open_place(amqp_url)
    place.serve(Ward)
    place.write(place.client())
    whispers = Raw(amqp_url)
    assert soon(lambda: whispers.count(WHISPERED) == 1)
    whispers.close()


def test_deleted_queue_is_declared_again_while_others_are_read(place: Place, raw: Raw) -> None:
    _ward, desk = place.serve(Ward, Desk)
    connection = broker_of(desk).consuming.connection
    raw.channel.queue_delete(WRITTEN)
    soon(lambda: raw.exists(WRITTEN) and not place.health["desk"].failing())
    place.write(place.client(), "after that")
    soon(lambda: len(place.heard()) == 1)
    assert broker_of(desk).consuming.connection is connection


def test_refused_consumer_is_added_later(amqp_url: str, rabbit: Raw, open_place: Callable[..., Place]) -> None:
    place = open_place(amqp_url)
    rabbit.channel.queue_declare("rpc-ward", durable=True, auto_delete=False)
    rabbit.channel.basic_consume("rpc-ward", exclusive=True)
    place.start(Ward)
    soon(lambda: place.health["ward"].failing() == ["ward.queue.rpc-ward"])
    rabbit.connection.close()
    soon(lambda: not place.health["ward"].failing())
    assert place.write(place.client(), "at last")


def test_healed_queue_uses_no_extra_connection(amqp_url: str, rabbit: Raw, open_place: Callable[..., Place]) -> None:
    proxy = Proxy(amqp_url)
    place = open_place(proxy.url)
    hold(rabbit, WRITTEN)
    place.start(Desk)
    soon(lambda: place.health["desk"].failing() == [NAMED])
    rabbit.connection.close()
    assert soon(lambda: not place.health["desk"].failing() and proxy.connections == LINKS_OF_A_SERVICE)
    proxy.close()


def test_stop_ends_the_retries_of_a_broken_queue(amqp_url: str, rabbit: Raw, open_place: Callable[..., Place]) -> None:
    place = open_place(amqp_url)
    hold(rabbit, WRITTEN)
    desk = place.start(Desk)
    soon(lambda: place.health["desk"].failing() == [NAMED])
    [trying] = broker_of(desk).reader.unread.values()
    desk.stop()
    assert trying.dead


@pytest.mark.parametrize(
    ("end", "heal"),
    [
        # Without a leader, RabbitMQ closes the connection of the consumer.
        ("ra:stop_server(quorum_queues, {'NAME', node()}).", "ra:restart_server(quorum_queues, {'NAME', node()})."),
        # With a silent leader, RabbitMQ is silent too.
        ("sys:suspend('NAME').", "sys:resume('NAME')."),
    ],
    ids=["gone", "silent"],
)
def test_quorum_queue_without_leader_affects_only_itself_and_heals(
    private_rabbitmq: RabbitMQ,
    open_place: Callable[..., Place],
    monkeypatch: pytest.MonkeyPatch,
    end: str,
    heal: str,
) -> None:
    monkeypatch.setattr(readers, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(readers, "TRY_SECONDS", 1.0)
    place = open_place(private_rabbitmq.vhost())
    place.serve(Ward)
    name = f"{place.url.rpartition('/')[2]}_{WRITTEN}"
    try:
        private_rabbitmq.evaluate(end.replace("NAME", name))
    except Unavailable as reason:
        pytest.skip(f"NO QUORUM QUEUE LOST ITS LEADER: {reason}")
    desk = place.start(Desk)
    soon(lambda: reads_others(desk) and place.health["desk"].failing() == [NAMED], seconds=20)
    assert is_unread()
    tpool.execute(private_rabbitmq.evaluate, heal.replace("NAME", name))
    soon(lambda: not place.health["desk"].failing(), seconds=20)
    place.write(place.client(), "for the desk")
    soon(lambda: len(place.heard()) == 1)
