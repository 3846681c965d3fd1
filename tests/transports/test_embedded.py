"""The embedded broker beyond RabbitMQ: its file, its stop, its turns."""

import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import eventlet
import kombu
import pytest
from amqp import exceptions as amqp
from kombu.mixins import ConsumerMixin

from tests.transports.clients import Client, until
from transports import embedded


class Durable:
    """A broker with a file, which tests may restart."""

    def __init__(self, path: Path) -> None:
        self.name, self.path = uuid.uuid4().hex, path
        self.broker = embedded.open_broker(self.name, path)

    def client(self) -> Client:
        return Client(f"embedded://{self.name}")

    def restart(self) -> Client:
        embedded.close_broker(self.name)
        self.broker = embedded.open_broker(self.name, self.path)
        return self.client()

    def rows(self, query: str) -> list[Any]:
        """Query the file, as another process would."""
        file = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            return file.execute(query).fetchall()
        finally:
            file.close()


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[Durable]:
    durable = Durable(tmp_path / "var" / "broker.sqlite")
    yield durable
    embedded.close_broker(durable.name)


def test_persistent_messages_survive_a_restart_in_order(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    for body in "abc":
        client.send(body, queue, delivery_mode=2, headers={"who": "me"})
    again = durable.restart()
    messages = [again.get(queue) for _ in range(3)]
    assert [message.body for message in messages] == ["a", "b", "c"]
    assert all(message.delivery_info["redelivered"] and message.headers == {"who": "me"} for message in messages)


def test_persistent_message_is_stored_when_publish_returns(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    client.send(b"\x00", queue, delivery_mode=2)
    query = "SELECT queue, body, json_extract(properties, '$.delivery_mode'), expires_at FROM message"
    assert durable.rows(query) == [(queue, b"\x00", 2, None)]


@pytest.mark.parametrize(("is_durable", "delivery_mode"), [(True, 1), (False, 2)])
def test_transient_messages_are_not_stored(durable: Durable, is_durable: bool, delivery_mode: int) -> None:  # noqa: FBT001
    client = durable.client()
    client.send("hello", client.queue(durable=is_durable), delivery_mode=delivery_mode)
    assert durable.rows("SELECT * FROM message") == []


def test_acknowledged_message_does_not_survive_a_restart(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    client.send("a", queue, delivery_mode=2)
    client.send("b", queue, delivery_mode=2)
    client.get(queue, no_ack=False).ack()
    client.get(queue, no_ack=False)
    assert durable.restart().get(queue).body == "b"


def test_dead_lettered_message_moves_in_the_file(durable: Durable) -> None:
    client = durable.client()
    dead = client.queue(durable=True)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    queue = client.queue(durable=True, arguments=arguments)
    client.send("bad", queue, delivery_mode=2)
    client.get(queue, no_ack=False).reject()
    assert durable.rows("SELECT queue FROM message") == [(dead,)]


def test_deleted_queue_leaves_nothing_in_the_file(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    client.send("hello", queue, delivery_mode=2)
    client.channel.queue_delete(queue)
    assert (durable.rows("SELECT * FROM message"), durable.restart().exists(queue)) == ([], False)


def test_durable_exchanges_and_bindings_survive_a_restart(durable: Durable) -> None:
    client = durable.client()
    for name in ("inner", "outer"):
        client.channel.exchange_declare(name, "topic", durable=True, auto_delete=False)
    client.channel.exchange_bind("inner", "outer", "a.#")
    queue = client.queue(durable=True)
    client.channel.queue_bind(queue, "inner", "#.b")
    again = durable.restart()
    again.send("hello", "a.b", "outer")
    assert again.get(queue).body == "hello"


def test_transient_queues_do_not_survive_a_restart(durable: Durable) -> None:
    client = durable.client()
    queue, exclusive = client.queue(), client.queue(durable=True, exclusive=True)
    again = durable.restart()
    assert (again.exists(queue), again.exists(exclusive)) == (False, False)


def test_delayed_message_waits_its_remaining_time_after_a_restart(durable: Durable) -> None:
    client = durable.client()
    dead = client.queue(durable=True)
    arguments = {"x-message-ttl": 300, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    queue = client.queue(durable=True, arguments=arguments)
    sent = time.monotonic()
    client.send("later", queue, delivery_mode=2)
    again = durable.restart()
    assert again.count(queue) == 1
    again.get_soon(dead)
    assert 0.3 <= time.monotonic() - sent < 2


def test_message_to_several_queues_is_one_transaction(durable: Durable) -> None:
    client, statements = durable.client(), []
    exchange = client.exchange("fanout")
    for _ in range(3):
        client.channel.queue_bind(client.queue(durable=True), exchange)
    durable.broker._store._file.set_trace_callback(lambda text: statements.append(text.split()[0]))
    client.send("hello", "", exchange, delivery_mode=2)
    assert statements == ["BEGIN", "INSERT", "INSERT", "INSERT", "COMMIT"]


DIES = """
import os, sys
import chassis
from pathlib import Path
from transports import embedded
import kombu
embedded.open_broker("mortal", Path(sys.argv[1]))
channel = kombu.Connection("embedded://mortal").channel()
channel.queue_declare("work", durable=True, auto_delete=False)
for number in range(50):
    channel.basic_publish(channel.prepare_message(b"%d" % number, properties={"delivery_mode": 2}), "", "work")
os._exit(1)
"""


def test_published_messages_survive_the_death_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "broker.sqlite"
    subprocess.run([sys.executable, "-c", DIES, str(path)], check=False, timeout=60)
    durable = Durable(path)
    client = durable.client()
    assert [int(client.get("work").body) for _ in range(50)] == list(range(50))
    embedded.close_broker(durable.name)


def test_deliveries_are_counted_across_restarts(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True, arguments={"x-queue-type": "quorum"})
    client.send("poison", queue, delivery_mode=2)
    client.get(queue, no_ack=False)
    again = durable.restart()
    assert again.get(queue, no_ack=False).headers["x-delivery-count"] == 1


def test_publish_fails_when_the_message_cannot_be_stored(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    durable.broker._store._file.execute("PRAGMA query_only = 1")
    with pytest.raises(client.connection.recoverable_connection_errors):
        client.send("hello", queue, delivery_mode=2)


def test_open_broker_cannot_be_opened_again(durable: Durable) -> None:
    with pytest.raises(ValueError, match="already"):
        embedded.open_broker(durable.name)


def test_clients_get_a_connection_error_when_the_broker_closes(durable: Durable) -> None:
    client = durable.client()
    waiting = eventlet.spawn(client.connection.drain_events)
    eventlet.sleep(0)
    embedded.close_broker(durable.name)
    with pytest.raises(amqp.ConnectionForced):
        waiting.wait()


def test_closed_broker_refuses_connections(durable: Durable) -> None:
    embedded.close_broker(durable.name)
    with pytest.raises(ConnectionRefusedError):
        embedded.broker(durable.name)


class Worker(ConsumerMixin):
    """A consumer as in kombu's documentation."""

    def __init__(self, connection: kombu.Connection, queue: str) -> None:
        self.connection, self.queue, self.got = connection, kombu.Queue(queue), []

    def get_consumers(self, consumer: Any, _channel: Any) -> list[Any]:
        return [consumer([self.queue], callbacks=[self.take])]

    def take(self, body: Any, message: Any) -> None:
        self.got.append(body)
        message.ack()


def test_consumer_reconnects_when_the_broker_is_back(durable: Durable) -> None:
    worker = Worker(kombu.Connection(f"embedded://{durable.name}"), "work")
    thread = eventlet.spawn(worker.run)
    until(lambda: durable.broker.connections)
    client = durable.restart()
    client.send("hello", "work", delivery_mode=2)
    until(lambda: worker.got == ["hello"])
    worker.should_stop = True
    thread.wait()
    client.close()
    assert durable.broker.connections == []


def test_connections_and_channels_are_counted(durable: Durable) -> None:
    client = durable.client()
    client.connection.channel()
    [connection] = durable.broker.connections
    assert len(connection.channels) == 2
    client.close()
    assert durable.broker.connections == []


def test_url_opens_a_broker_and_its_name_ignores_case() -> None:
    with kombu.Connection("embedded://Memory") as connection:
        connection.connect()
        assert len(embedded.broker("memory").connections) == 1
    embedded.close_broker("memory")


def test_busy_connection_yields_to_other_threads(durable: Durable) -> None:
    client, turns = durable.client(), []
    queue = client.queue()
    client.consume(queue, no_ack=True)
    for number in range(200):
        client.send(str(number), queue)
    eventlet.spawn(lambda: turns.append(len(client.got)))
    client.wait(200)
    assert turns[0] < 200
