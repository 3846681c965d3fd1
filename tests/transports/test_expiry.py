"""Expiry and dead letters, on both brokers."""

import time
from typing import Any

import pytest

from tests.transports.clients import Client, until


def graveyard(client: Client, queue_type: str = "classic", **arguments: Any) -> tuple[str, str]:
    """A queue, and the queue of its dead letters."""
    dead = client.queue()
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead, **arguments}
    return client.queue(arguments={"x-queue-type": queue_type, **arguments}), dead


def test_expired_message_is_never_delivered(client: Client) -> None:
    queue = client.queue()
    client.send("late", queue, expiration="20")
    client.send("lasting", queue)
    until(lambda: client.count(queue) == 1)
    assert client.get(queue).body == "lasting"


def test_expired_message_is_dead_lettered(client: Client) -> None:
    queue, dead = graveyard(client)
    client.send("late", queue, expiration="20", headers={"who": "me"})
    message = client.get_soon(dead)
    [death] = message.headers["x-death"]
    assert (death["queue"], death["reason"], death["count"]) == (queue, "expired", 1)
    assert (message.headers["who"], "expiration" in message.properties) == ("me", False)


@pytest.mark.parametrize("queue_type", ["classic", "quorum"])
def test_queue_limits_the_lifetime_of_its_messages(client: Client, queue_type: str) -> None:
    queue, dead = graveyard(client, queue_type, **{"x-message-ttl": 20})
    client.send("late", queue)
    assert client.get_soon(dead).headers["x-death"][0]["queue"] == queue


def test_message_expires_only_after_its_time(client: Client) -> None:
    queue, dead = graveyard(client, **{"x-message-ttl": 100})
    sent = time.monotonic()
    client.send("late", queue)
    client.get_soon(dead)
    assert time.monotonic() - sent >= 0.1


def test_rejected_message_is_dead_lettered(client: Client) -> None:
    queue, dead = graveyard(client)
    client.send("bad", queue)
    client.get(queue, no_ack=False).reject()
    [death] = client.get_soon(dead).headers["x-death"]
    assert (death["queue"], death["reason"], death["count"]) == (queue, "rejected", 1)


def test_rejected_message_is_dropped_without_dead_letter_exchange(client: Client) -> None:
    queue = client.queue()
    client.send("bad", queue)
    client.get(queue, no_ack=False).reject()
    assert client.get(queue) is None


def test_dead_letter_keeps_its_routing_key_by_default(client: Client) -> None:
    exchange = client.exchange("topic")
    dead = client.bound(exchange, "a.*")
    source = client.exchange("direct")
    queue = client.queue(arguments={"x-dead-letter-exchange": exchange})
    client.channel.queue_bind(queue, source, "a.b")
    client.send("bad", "a.b", source)
    client.get(queue, no_ack=False).reject()
    assert client.get_soon(dead).delivery_info["routing_key"] == "a.b"


def test_deaths_are_counted(client: Client) -> None:
    queue, dead = graveyard(client)
    client.send("bad", queue)
    client.get(queue, no_ack=False).reject()
    once = client.get_soon(dead)
    client.send("bad", queue, headers=once.headers)
    client.get(queue, no_ack=False).reject()
    assert client.get_soon(dead).headers["x-death"][0]["count"] == 2
