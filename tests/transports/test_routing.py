"""Routing of messages, on both brokers."""

import uuid
from collections.abc import Callable

import pytest
from amqp import exceptions as amqp

from tests.transports.clients import SECONDS, Client


def test_default_exchange_routes_to_the_queue_of_that_name(client: Client) -> None:
    queue = client.queue()
    client.send("hello", queue)
    assert client.get(queue).body == "hello"


def test_direct_exchange_routes_by_the_whole_key(client: Client) -> None:
    exchange = client.exchange("direct")
    here, there = client.bound(exchange, "here"), client.bound(exchange, "there")
    client.send("hello", "here", exchange)
    assert (client.count(here), client.count(there)) == (1, 0)


def test_fanout_exchange_routes_to_all_queues(client: Client) -> None:
    exchange = client.exchange("fanout")
    queues = [client.bound(exchange), client.bound(exchange)]
    client.send("hello", "any", exchange)
    assert [client.count(queue) for queue in queues] == [1, 1]


@pytest.mark.parametrize(
    ("pattern", "key", "fits"),
    [
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "a.b.c", False),
        ("a.#", "a", True),
        ("a.#", "a.b.c", True),
        ("#", "", True),
        ("*", "", False),
        ("#.c", "a.b.c", True),
        ("a.#.c", "a.c", True),
        ("a.#.c", "a.b.b.d", False),
        ("#.b.*", "a.b.b.c", True),
    ],
)
def test_topic_exchange_routes_by_words(client: Client, pattern: str, key: str, fits: bool) -> None:  # noqa: FBT001
    exchange = client.exchange("topic")
    queue = client.bound(exchange, pattern)
    client.send("hello", key, exchange)
    assert client.count(queue) == fits


def test_exchange_routes_through_other_exchanges(client: Client) -> None:
    first, second, third = (client.exchange("topic") for _ in range(3))
    client.channel.exchange_bind(second, first, "#")
    client.channel.exchange_bind(third, second, "a.#")
    queue = client.bound(third, "#.b")
    client.send("hello", "a.b", first)
    assert client.get(queue).delivery_info["exchange"] == first


def test_exchanges_in_a_cycle_route_a_message_once(client: Client) -> None:
    first, second = client.exchange("fanout"), client.exchange("fanout")
    client.channel.exchange_bind(second, first)
    client.channel.exchange_bind(first, second)
    queue = client.bound(second)
    client.send("hello", "", first)
    assert client.count(queue) == 1


def test_queue_bound_twice_gets_a_message_once(client: Client) -> None:
    exchange = client.exchange("topic")
    queue = client.bound(exchange, "a.#")
    client.channel.queue_bind(queue, exchange, "#.b")
    client.send("hello", "a.b", exchange)
    assert client.count(queue) == 1


def test_unbound_queue_gets_no_more_messages(client: Client) -> None:
    exchange = client.exchange("direct")
    queue = client.bound(exchange, "key")
    client.send("hello", "key", exchange)
    client.channel.queue_unbind(queue, exchange, "key")
    client.send("hello", "key", exchange)
    assert client.count(queue) == 1


def test_new_binding_applies_to_a_key_used_before(client: Client) -> None:
    exchange = client.exchange("direct")
    client.send("lost", "key", exchange)
    queue = client.bound(exchange, "key")
    client.send("found", "key", exchange)
    assert client.get(queue).body == "found"


def test_publish_to_a_missing_exchange_is_refused(client: Client) -> None:
    with pytest.raises(amqp.NotFound):
        client.send("hello", "key", f"x-{uuid.uuid4().hex}")


def test_mandatory_message_without_a_queue_raises_with_confirms(client: Client) -> None:
    with pytest.raises(amqp.ChannelError, match="NO_ROUTE"):
        client.send("hello", f"q-{uuid.uuid4().hex}", mandatory=True)


def test_mandatory_message_without_a_queue_returns_without_confirms(connect: Callable[..., Client]) -> None:
    client, returned = connect(confirms=False), []
    client.channel.events["basic_return"].add(lambda *news: returned.append(news))
    client.send("hello", "nowhere", mandatory=True)
    client.connection.drain_events(timeout=SECONDS)
    [(error, exchange, key, message)] = returned
    assert (error.reply_code, exchange, key, message.body) == (312, "", "nowhere", "hello")
