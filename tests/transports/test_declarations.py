"""Declarations of queues and exchanges, on both brokers."""

import uuid
from collections.abc import Callable

import pytest
from amqp import exceptions as amqp

from tests.transports.clients import SECONDS, Client, until


def test_repeated_declaration_has_no_effect(client: Client) -> None:
    queue = client.queue(arguments={"x-message-ttl": 60_000})
    client.send("hello", queue)
    client.queue(queue, arguments={"x-message-ttl": 60_000})
    assert client.count(queue) == 1


def test_declaration_with_other_arguments_is_refused(client: Client) -> None:
    queue = client.queue()
    with pytest.raises(amqp.PreconditionFailed):
        client.queue(queue, arguments={"x-message-ttl": 60_000})


def test_declaration_with_another_exchange_type_is_refused(client: Client) -> None:
    exchange = client.exchange("direct")
    with pytest.raises(amqp.PreconditionFailed):
        client.channel.exchange_declare(exchange, "topic", durable=False, auto_delete=False)


def test_passive_declaration_of_a_missing_queue_is_an_error(client: Client) -> None:
    with pytest.raises(amqp.NotFound):
        client.channel.queue_declare(f"q-{uuid.uuid4().hex}", passive=True)


def test_consuming_from_a_missing_queue_is_an_error(client: Client) -> None:
    with pytest.raises(amqp.NotFound):
        client.consume(f"q-{uuid.uuid4().hex}")


def test_passive_declaration_of_a_missing_exchange_is_an_error(client: Client) -> None:
    with pytest.raises(amqp.NotFound):
        client.channel.exchange_declare(f"x-{uuid.uuid4().hex}", "topic", passive=True)


def test_declaration_returns_numbers_of_messages_and_consumers(connect: Callable[..., Client]) -> None:
    client, other = connect(), connect()
    queue = client.queue()
    other.consume(queue, prefetch=1)
    for body in "abc":
        client.send(body, queue)
    assert until(lambda: tuple(client.channel.queue_declare(queue, passive=True)) == (queue, 2, 1))


def test_queue_without_a_name_gets_a_name(client: Client) -> None:
    name = client.channel.queue_declare("", exclusive=True)[0]
    client.send("hello", name)
    assert client.get(name).body == "hello"


def test_purge_drops_ready_messages_and_returns_their_number(client: Client) -> None:
    queue = client.queue()
    client.send("hello", queue)
    assert (client.channel.queue_purge(queue), client.count(queue)) == (1, 0)


def test_queue_in_use_is_not_deleted_with_if_unused(client: Client) -> None:
    queue = client.queue()
    client.consume(queue)
    with pytest.raises(amqp.PreconditionFailed):
        client.channel.queue_delete(queue, if_unused=True)


def test_consumer_is_notified_when_its_queue_is_deleted(connect: Callable[..., Client]) -> None:
    client, other = connect(), connect()
    queue = client.queue()
    other.consume(queue)
    client.channel.queue_delete(queue)
    with pytest.raises(amqp.ConsumerCancelled):
        other.connection.drain_events(timeout=SECONDS)


def test_exclusive_queue_is_locked_for_other_connections(connect: Callable[..., Client]) -> None:
    queue = connect().queue(exclusive=True)
    with pytest.raises(amqp.ResourceLocked):
        connect().consume(queue)


def test_exclusive_queue_is_deleted_with_its_connection(connect: Callable[..., Client]) -> None:
    client, other = connect(), connect()
    queue = client.queue(exclusive=True)
    client.close()
    assert until(lambda: not other.exists(queue))


def test_auto_delete_queue_is_deleted_with_its_last_consumer(client: Client) -> None:
    queue = client.queue(auto_delete=True)
    first, second = client.consume(queue), client.consume(queue)
    client.channel.basic_cancel(first)
    assert client.exists(queue)
    client.channel.basic_cancel(second)
    until(lambda: not client.exists(queue))


def test_auto_delete_exchange_is_deleted_with_its_last_binding(client: Client) -> None:
    exchange = f"x-{uuid.uuid4().hex}"
    client.channel.exchange_declare(exchange, "direct", durable=False, auto_delete=True)
    client.channel.queue_unbind(client.bound(exchange, "key"), exchange, "key")
    with pytest.raises(amqp.NotFound):
        client.send("hello", "key", exchange)


def test_unused_queue_expires(client: Client) -> None:
    queue = client.queue(arguments={"x-expires": 50})

    def is_gone() -> bool:
        try:
            client.channel.queue_bind(queue, "amq.direct", "any")  # a binding does not count as use
        except amqp.NotFound:
            return True
        return False

    assert until(is_gone)
