"""The embedded broker behaves like RabbitMQ: what is asked of `broker_url` here is asked of both."""

import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import eventlet
import kombu
import pytest
from amqp import exceptions as amqp
from kombu.mixins import ConsumerMixin
from nameko.containers import ServiceContainer
from nameko.events import event_handler
from nameko.exceptions import UnknownService
from nameko.rpc import rpc
from nameko.standalone.events import event_dispatcher
from nameko.standalone.rpc import ClusterRpcProxy

from transports import embedded

SECONDS = 5.0
REPLY_TO = "amq.rabbitmq.reply-to"


def until(condition: Callable[[], object]) -> None:
    """Let the others work until the condition holds."""
    with eventlet.Timeout(SECONDS, AssertionError("it did not come true in time")):
        while not condition():
            eventlet.sleep(0.005)


class Client:
    """A connection with a channel, what it has made, and what it has got."""

    def __init__(self, url: str, *, confirms: bool = True) -> None:
        self.connection = kombu.Connection(url, transport_options={"confirm_publish": confirms})
        self.channel = self.connection.channel()
        self.made: list[tuple[str, str]] = []
        self.got: list[Any] = []

    def queue(self, name: str | None = None, **options: Any) -> str:
        name = name or f"q-{uuid.uuid4().hex}"
        durable = options.get("arguments", {}).get("x-queue-type") == "quorum"
        self.channel.queue_declare(name, **{"durable": durable, "auto_delete": False, **options})
        self.made.append(("queue_delete", name))
        return name

    def exchange(self, kind: str) -> str:
        name = f"x-{uuid.uuid4().hex}"
        self.channel.exchange_declare(name, kind, durable=False, auto_delete=False)
        self.made.append(("exchange_delete", name))
        return name

    def bound(self, exchange: str, key: str = "") -> str:
        queue = self.queue()
        self.channel.queue_bind(queue, exchange, key)
        return queue

    def send(
        self, body: str | bytes, key: str, exchange: str = "", *, mandatory: bool = False, **properties: Any
    ) -> None:
        if isinstance(body, str):
            properties.setdefault("content_encoding", "utf-8")
        names = ("priority", "content_type", "content_encoding", "headers")
        named = {name: properties.pop(name, None) for name in names}
        message = self.channel.prepare_message(body, **named, properties=properties)
        self.channel.basic_publish(message, exchange=exchange, routing_key=key, mandatory=mandatory)

    def consume(self, queue: str, *, prefetch: int = 0, **options: Any) -> str:
        self.channel.basic_qos(0, prefetch, a_global=False)
        take = lambda raw: self.got.append(self.channel.message_to_python(raw))  # noqa: E731
        return str(self.channel.basic_consume(queue, callback=take, **options))

    def wait(self, count: int = 1) -> list[str]:
        """The bodies of the first so many messages."""
        with eventlet.Timeout(SECONDS, AssertionError(f"{len(self.got)} of {count} messages came in time")):
            while len(self.got) < count:
                self.connection.drain_events()
        return self.bodies

    @property
    def bodies(self) -> list[str]:
        return [message.body for message in self.got]

    def get(self, queue: str, *, no_ack: bool = True) -> Any:
        """The next message of a queue, or None."""
        raw = self.channel.basic_get(queue, no_ack=no_ack)
        return raw and self.channel.message_to_python(raw)

    def get_soon(self, queue: str) -> Any:
        found: list[Any] = []
        until(lambda: found.append(self.get(queue)) or found[-1])
        return found[-1]

    def count(self, queue: str) -> int:
        return int(self.channel.queue_declare(queue, passive=True)[1])

    def exists(self, queue: str) -> bool:
        with self.connection.channel() as channel:
            try:
                channel.queue_declare(queue, passive=True)
            except amqp.NotFound:
                return False
        return True

    def close(self) -> None:
        self.connection.close()


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.servers)])
def broker_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "rabbitmq":
        yield request.getfixturevalue("amqp_url")
        return
    name = uuid.uuid4().hex
    yield f"embedded://{name}"
    embedded.close_broker(name)


@pytest.fixture
def connect(broker_url: str) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def another(**options: Any) -> Client:
        clients.append(Client(broker_url, **options))
        return clients[-1]

    yield another
    cleaner = Client(broker_url)
    for client in clients:
        client.close()
        for delete, name in client.made:
            getattr(cleaner.channel, delete)(name)
    cleaner.close()


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    return connect()


# Routing


def test_the_default_exchange_routes_to_the_queue_of_that_name(client: Client) -> None:
    queue = client.queue()
    client.send("hello", queue)
    assert client.get(queue).body == "hello"


def test_a_direct_exchange_routes_by_the_whole_key(client: Client) -> None:
    exchange = client.exchange("direct")
    here, there = client.bound(exchange, "here"), client.bound(exchange, "there")
    client.send("hello", "here", exchange)
    assert (client.count(here), client.count(there)) == (1, 0)


def test_a_fanout_exchange_routes_to_all(client: Client) -> None:
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
def test_a_topic_exchange_routes_by_words(client: Client, pattern: str, key: str, fits: bool) -> None:  # noqa: FBT001
    exchange = client.exchange("topic")
    queue = client.bound(exchange, pattern)
    client.send("hello", key, exchange)
    assert client.count(queue) == fits


def test_an_exchange_passes_on_through_others(client: Client) -> None:
    first, second, third = (client.exchange("topic") for _ in range(3))
    client.channel.exchange_bind(second, first, "#")
    client.channel.exchange_bind(third, second, "a.#")
    queue = client.bound(third, "#.b")
    client.send("hello", "a.b", first)
    assert client.get(queue).delivery_info["exchange"] == first


def test_exchanges_bound_in_a_circle_pass_on_once(client: Client) -> None:
    first, second = client.exchange("fanout"), client.exchange("fanout")
    client.channel.exchange_bind(second, first)
    client.channel.exchange_bind(first, second)
    queue = client.bound(second)
    client.send("hello", "", first)
    assert client.count(queue) == 1


def test_a_queue_bound_twice_gets_a_message_once(client: Client) -> None:
    exchange = client.exchange("topic")
    queue = client.bound(exchange, "a.#")
    client.channel.queue_bind(queue, exchange, "#.b")
    client.send("hello", "a.b", exchange)
    assert client.count(queue) == 1


def test_an_unbound_queue_gets_nothing_more(client: Client) -> None:
    exchange = client.exchange("direct")
    queue = client.bound(exchange, "key")
    client.send("hello", "key", exchange)
    client.channel.queue_unbind(queue, exchange, "key")
    client.send("hello", "key", exchange)
    assert client.count(queue) == 1


def test_a_new_binding_is_heeded_for_a_key_used_before(client: Client) -> None:
    exchange = client.exchange("direct")
    client.send("lost", "key", exchange)
    queue = client.bound(exchange, "key")
    client.send("found", "key", exchange)
    assert client.get(queue).body == "found"


def test_a_missing_exchange_refuses_messages(client: Client) -> None:
    with pytest.raises(amqp.NotFound):
        client.send("hello", "key", f"x-{uuid.uuid4().hex}")


def test_a_mandatory_message_without_a_queue_is_an_error_to_who_awaits_confirms(client: Client) -> None:
    with pytest.raises(amqp.ChannelError, match="NO_ROUTE"):
        client.send("hello", f"q-{uuid.uuid4().hex}", mandatory=True)


def test_a_mandatory_message_without_a_queue_comes_back_to_who_does_not(connect: Callable[..., Client]) -> None:
    client, returned = connect(confirms=False), []
    client.channel.events["basic_return"].add(lambda *news: returned.append(news))
    client.send("hello", "nowhere", mandatory=True)
    client.connection.drain_events(timeout=SECONDS)
    [(error, exchange, key, message)] = returned
    assert (error.reply_code, exchange, key, message.body) == (312, "", "nowhere", "hello")


# Declarations


def test_declaring_again_is_harmless(client: Client) -> None:
    queue = client.queue(arguments={"x-message-ttl": 60_000})
    client.send("hello", queue)
    client.queue(queue, arguments={"x-message-ttl": 60_000})
    assert client.count(queue) == 1


def test_a_queue_does_not_change_its_arguments(client: Client) -> None:
    queue = client.queue()
    with pytest.raises(amqp.PreconditionFailed):
        client.queue(queue, arguments={"x-message-ttl": 60_000})


def test_an_exchange_does_not_change_its_type(client: Client) -> None:
    exchange = client.exchange("direct")
    with pytest.raises(amqp.PreconditionFailed):
        client.channel.exchange_declare(exchange, "topic", durable=False, auto_delete=False)


def test_asking_for_a_missing_queue_is_an_error(client: Client) -> None:
    with pytest.raises(amqp.NotFound):
        client.channel.queue_declare(f"q-{uuid.uuid4().hex}", passive=True)


def test_consuming_from_a_missing_queue_is_an_error(client: Client) -> None:
    with pytest.raises(amqp.NotFound):
        client.consume(f"q-{uuid.uuid4().hex}")


def test_asking_for_a_missing_exchange_is_an_error(client: Client) -> None:
    with pytest.raises(amqp.NotFound):
        client.channel.exchange_declare(f"x-{uuid.uuid4().hex}", "topic", passive=True)


def test_declaring_tells_messages_and_consumers(connect: Callable[..., Client]) -> None:
    client, other = connect(), connect()
    queue = client.queue()
    other.consume(queue, prefetch=1)
    for body in "abc":
        client.send(body, queue)
    until(lambda: tuple(client.channel.queue_declare(queue, passive=True)) == (queue, 2, 1))


def test_a_queue_without_a_name_is_given_one(client: Client) -> None:
    name = client.channel.queue_declare("", exclusive=True)[0]
    client.send("hello", name)
    assert client.get(name).body == "hello"


def test_purging_drops_what_waits_and_counts_it(client: Client) -> None:
    queue = client.queue()
    client.send("hello", queue)
    assert (client.channel.queue_purge(queue), client.count(queue)) == (1, 0)


def test_a_used_queue_is_not_deleted_if_only_unused_is_meant(client: Client) -> None:
    queue = client.queue()
    client.consume(queue)
    with pytest.raises(amqp.PreconditionFailed):
        client.channel.queue_delete(queue, if_unused=True)


def test_the_consumer_of_a_deleted_queue_learns_it(connect: Callable[..., Client]) -> None:
    client, other = connect(), connect()
    queue = client.queue()
    other.consume(queue)
    client.channel.queue_delete(queue)
    with pytest.raises(amqp.ConsumerCancelled):
        other.connection.drain_events(timeout=SECONDS)


def test_an_exclusive_queue_is_closed_to_other_connections(connect: Callable[..., Client]) -> None:
    queue = connect().queue(exclusive=True)
    with pytest.raises(amqp.ResourceLocked):
        connect().consume(queue)


def test_an_exclusive_queue_goes_with_its_connection(connect: Callable[..., Client]) -> None:
    client, other = connect(), connect()
    queue = client.queue(exclusive=True)
    client.close()
    until(lambda: not other.exists(queue))


def test_an_auto_delete_queue_goes_with_its_last_consumer(client: Client) -> None:
    queue = client.queue(auto_delete=True)
    first, second = client.consume(queue), client.consume(queue)
    client.channel.basic_cancel(first)
    assert client.exists(queue)
    client.channel.basic_cancel(second)
    until(lambda: not client.exists(queue))


def test_an_auto_delete_exchange_goes_with_its_last_binding(client: Client) -> None:
    exchange = f"x-{uuid.uuid4().hex}"
    client.channel.exchange_declare(exchange, "direct", durable=False, auto_delete=True)
    client.channel.queue_unbind(client.bound(exchange, "key"), exchange, "key")
    with pytest.raises(amqp.NotFound):
        client.send("hello", "key", exchange)


def test_a_queue_that_nobody_uses_expires(client: Client) -> None:
    queue = client.queue(arguments={"x-expires": 50})

    def is_gone() -> bool:
        try:
            client.channel.queue_bind(queue, "amq.direct", "any")  # which does not count as use
        except amqp.NotFound:
            return True
        return False

    until(is_gone)


# Messages


def test_properties_arrive_as_they_were_sent(client: Client) -> None:
    queue = client.queue()
    sent = {
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "correlation_id": "42",
        "reply_to": "somebody",
        "expiration": "60000",
        "delivery_mode": 2,
        "message_id": "m-1",
        "type": "greeting",
        "priority": 0,
        "timestamp": 1_700_000_000,
        "app_id": "tests",
    }
    client.send("{}", queue, headers={"who": "me", "n": 1, "list": ["a"]}, **sent)
    message = client.get(queue)
    headers = {"who": "me", "n": 1, "list": ["a"]}
    assert message.properties == {**sent, "application_headers": headers}
    assert (message.headers, message.content_type) == (headers, "application/json")


def test_what_was_not_sent_is_not_there(client: Client) -> None:
    queue = client.queue()
    client.send(b"x", queue)
    message = client.get(queue)
    assert (message.properties, message.headers) == ({}, {})


def test_bytes_stay_bytes(client: Client) -> None:
    queue = client.queue()
    client.send(b"\x00\xff", queue, content_encoding="binary")
    assert bytes(client.get(queue).body) == b"\x00\xff"


def test_text_arrives_as_text(client: Client) -> None:
    queue = client.queue()
    client.send("Grüße", queue)
    assert client.get(queue).body == "Grüße"


def test_a_consumer_cannot_change_the_message_of_another(client: Client) -> None:
    exchange = client.exchange("fanout")
    first, second = client.bound(exchange), client.bound(exchange)
    client.send("hello", "", exchange, headers={"who": "me"})
    client.get(first).headers["who"] = "you"
    assert client.get(second).headers == {"who": "me"}


def test_a_delivery_says_where_it_comes_from(client: Client) -> None:
    exchange = client.exchange("topic")
    tag = client.consume(client.bound(exchange, "#"))
    client.send("hello", "a.b", exchange)
    client.wait()
    assert client.got[0].delivery_info == {
        "consumer_tag": tag,
        "delivery_tag": 1,
        "redelivered": False,
        "exchange": exchange,
        "routing_key": "a.b",
    }


def test_getting_tells_how_many_are_left(client: Client) -> None:
    queue = client.queue()
    client.send("a", queue)
    client.send("b", queue)
    assert client.get(queue).delivery_info["message_count"] == 1


def test_getting_from_an_empty_queue_gives_nothing(client: Client) -> None:
    assert client.get(client.queue()) is None


# Consuming


def test_waiting_without_a_message_times_out(client: Client) -> None:
    with pytest.raises(TimeoutError):
        client.connection.drain_events(timeout=0.02)


def test_whoever_waits_is_woken(connect: Callable[..., Client]) -> None:
    client, other = connect(), connect()
    queue = client.queue()
    other.consume(queue)
    waiting = eventlet.spawn(other.wait)
    eventlet.sleep(0)
    client.send("hello", queue)
    assert waiting.wait() == ["hello"]


def test_consumers_take_turns(connect: Callable[..., Client]) -> None:
    client, others = connect(), [connect(), connect()]
    queue = client.queue()
    for other in others:
        other.consume(queue)
    for number in range(6):
        client.send(str(number), queue)
    assert sorted([others[0].wait(3), others[1].wait(3)]) == [["0", "2", "4"], ["1", "3", "5"]]


def test_a_consumer_gets_no_more_than_its_prefetch(client: Client) -> None:
    queue = client.queue()
    for body in "abc":
        client.send(body, queue)
    client.consume(queue, prefetch=2)
    client.wait(2)
    assert client.count(queue) == 1


def test_prefetch_is_counted_per_consumer(client: Client) -> None:
    queue = client.queue()
    client.consume(queue, prefetch=1)
    client.consume(queue, prefetch=1)
    for body in "abc":
        client.send(body, queue)
    assert (client.wait(2), client.count(queue)) == (["a", "b"], 1)


def test_an_acknowledgement_makes_room_for_the_next(client: Client) -> None:
    queue = client.queue()
    client.consume(queue, prefetch=1)
    client.send("a", queue)
    client.send("b", queue)
    client.wait()
    client.got[0].ack()
    assert client.wait(2) == ["a", "b"]


def test_acknowledging_multiple_settles_all_up_to_it(client: Client) -> None:
    queue = client.queue()
    client.consume(queue)
    for body in "abc":
        client.send(body, queue)
    client.wait(3)
    client.got[1].ack(multiple=True)
    client.channel.close()
    client.channel = client.connection.channel()
    until(lambda: client.count(queue) == 1)
    assert client.get(queue).body == "c"


def test_an_unknown_delivery_tag_is_an_error(client: Client) -> None:
    def acknowledge() -> None:
        client.channel.basic_ack(7)
        client.connection.drain_events(timeout=SECONDS)  # a server tells it later

    with pytest.raises(amqp.PreconditionFailed):
        acknowledge()


def test_messages_that_need_no_acknowledgement_are_gone_when_sent(client: Client) -> None:
    queue = client.queue()
    client.consume(queue, no_ack=True)
    client.send("hello", queue)
    client.wait()
    client.got[0].ack()
    client.channel.close()
    client.channel = client.connection.channel()
    assert client.count(queue) == 0


@pytest.mark.parametrize("part", ["channel", "connection"])
def test_what_was_not_acknowledged_goes_back_to_the_front(connect: Callable[..., Client], part: str) -> None:
    client, other = connect(), connect()
    queue = client.queue()
    for body in "abc":
        client.send(body, queue)
    other.consume(queue, prefetch=2)
    other.wait(2)
    getattr(other, part).close()
    until(lambda: client.count(queue) == 3)
    messages = [client.get(queue) for _ in range(3)]
    assert [message.body for message in messages] == ["a", "b", "c"]
    assert [message.delivery_info["redelivered"] for message in messages] == [True, True, False]


def test_a_message_handed_back_comes_again_first(client: Client) -> None:
    queue = client.queue()
    client.send("a", queue)
    client.send("b", queue)
    client.get(queue, no_ack=False).requeue()
    again = client.get(queue)
    assert (again.body, again.delivery_info["redelivered"]) == ("a", True)


def test_recovering_hands_all_back(client: Client) -> None:
    queue = client.queue()
    client.send("a", queue)
    client.get(queue, no_ack=False)
    client.channel.basic_recover(requeue=True)
    assert client.get_soon(queue).delivery_info["redelivered"]


def test_a_quorum_queue_counts_redeliveries(client: Client) -> None:
    queue = client.queue(arguments={"x-queue-type": "quorum"})
    client.consume(queue, prefetch=1)
    client.send("hello", queue, headers={"who": "me"})
    for count in (1, 2, 3):
        client.wait(count)
        client.got[-1].requeue()
    counts = [message.headers.get("x-delivery-count", 0) for message in client.got]
    assert counts == [0, 1, 2]


def test_a_cancelled_consumer_gets_nothing_more(client: Client) -> None:
    queue = client.queue()
    client.channel.basic_cancel(client.consume(queue))
    client.send("hello", queue)
    assert (client.count(queue), client.got) == (1, [])


def test_what_had_been_sent_to_a_cancelled_consumer_is_still_handled(client: Client) -> None:
    queue = client.queue()
    tag = client.consume(queue)
    client.send("hello", queue)
    client.channel.basic_cancel(tag)
    assert client.wait() == ["hello"]


def test_acknowledging_on_a_closed_channel_is_a_connection_error(client: Client) -> None:
    queue = client.queue()
    client.consume(queue)
    client.send("hello", queue)
    client.wait()
    client.channel.close()
    with pytest.raises(client.connection.connection_errors):
        client.got[0].ack()


# Expiry and dead letters


def graveyard(client: Client, queue_type: str = "classic", **arguments: Any) -> tuple[str, str]:
    """A queue, and the one that its dead letters go to."""
    dead = client.queue()
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead, **arguments}
    return client.queue(arguments={"x-queue-type": queue_type, **arguments}), dead


def test_an_expired_message_is_never_delivered(client: Client) -> None:
    queue = client.queue()
    client.send("late", queue, expiration="20")
    client.send("lasting", queue)
    until(lambda: client.count(queue) == 1)
    assert client.get(queue).body == "lasting"


def test_an_expired_message_goes_to_the_dead_letters(client: Client) -> None:
    queue, dead = graveyard(client)
    client.send("late", queue, expiration="20", headers={"who": "me"})
    message = client.get_soon(dead)
    [death] = message.headers["x-death"]
    assert (death["queue"], death["reason"], death["count"]) == (queue, "expired", 1)
    assert (message.headers["who"], "expiration" in message.properties) == ("me", False)


@pytest.mark.parametrize("queue_type", ["classic", "quorum"])
def test_a_queue_limits_the_life_of_its_messages(client: Client, queue_type: str) -> None:
    queue, dead = graveyard(client, queue_type, **{"x-message-ttl": 20})
    client.send("late", queue)
    assert client.get_soon(dead).headers["x-death"][0]["queue"] == queue


def test_a_message_waits_out_its_time(client: Client) -> None:
    queue, dead = graveyard(client, **{"x-message-ttl": 100})
    sent = time.monotonic()
    client.send("late", queue)
    client.get_soon(dead)
    assert time.monotonic() - sent >= 0.1


def test_a_rejected_message_goes_to_the_dead_letters(client: Client) -> None:
    queue, dead = graveyard(client)
    client.send("bad", queue)
    client.get(queue, no_ack=False).reject()
    [death] = client.get_soon(dead).headers["x-death"]
    assert (death["queue"], death["reason"], death["count"]) == (queue, "rejected", 1)


def test_a_rejected_message_without_dead_letters_is_gone(client: Client) -> None:
    queue = client.queue()
    client.send("bad", queue)
    client.get(queue, no_ack=False).reject()
    assert client.get(queue) is None


def test_a_dead_letter_keeps_its_key_if_the_queue_gives_none(client: Client) -> None:
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


# Direct replies


def test_a_reply_goes_straight_to_who_asked(connect: Callable[..., Client]) -> None:
    asking, answering = connect(), connect()
    queue = answering.queue()
    asking.consume(REPLY_TO, no_ack=True)
    asking.send("question", queue, reply_to=REPLY_TO)
    reply_to = answering.get(queue).properties["reply_to"]
    assert reply_to.startswith(f"{REPLY_TO}.")
    answering.send("answer", reply_to)
    assert asking.wait() == ["answer"]


def test_a_reply_to_one_who_is_gone_is_dropped(connect: Callable[..., Client]) -> None:
    asking, answering = connect(), connect()
    queue = answering.queue()
    asking.consume(REPLY_TO, no_ack=True)
    asking.send("question", queue, reply_to=REPLY_TO)
    asking.close()
    answering.send("answer", answering.get(queue).properties["reply_to"])
    assert answering.count(queue) == 0


def test_who_does_not_await_replies_cannot_ask_for_them(client: Client) -> None:
    with pytest.raises(amqp.PreconditionFailed):
        client.send("question", client.queue(), reply_to=REPLY_TO)


def test_replies_cannot_be_acknowledged(client: Client) -> None:
    with pytest.raises(amqp.PreconditionFailed):
        client.consume(REPLY_TO)


# Nameko as it is


class Clerk:
    name = "clerk"
    heard: list[Any] = []  # noqa: RUF012  emptied by the fixture

    @rpc
    def add(self, a: int, b: int) -> int:
        return a + b

    @event_handler("desk", "patient_arrived")
    def on_patient_arrived(self, data: Any) -> None:
        self.heard.append(data)


@pytest.fixture
def config(broker_url: str) -> Iterator[dict[str, str]]:
    Clerk.heard.clear()
    config = {"AMQP_URI": broker_url}
    container = ServiceContainer(Clerk, config)
    container.start()
    yield config
    container.stop()


def test_nameko_answers_calls(config: dict[str, str]) -> None:
    with ClusterRpcProxy(config) as proxy:
        assert eventlet.spawn(proxy.clerk.add, 1, 2).wait() == 3


def test_nameko_knows_that_a_service_is_missing(config: dict[str, str]) -> None:
    with ClusterRpcProxy(config) as proxy, pytest.raises(UnknownService):
        proxy.nobody.add(1, 2)


def test_nameko_hears_events(config: dict[str, str]) -> None:
    event_dispatcher(config)("desk", "patient_arrived", {"id": 1})
    until(lambda: Clerk.heard == [{"id": 1}])


# The embedded broker alone


class Durable:
    """A broker with a file, which may be stopped and started again."""

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
        """What another process would read."""
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


def test_persistent_messages_come_back_in_order(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    for body in "abc":
        client.send(body, queue, delivery_mode=2, headers={"who": "me"})
    again = durable.restart()
    messages = [again.get(queue) for _ in range(3)]
    assert [message.body for message in messages] == ["a", "b", "c"]
    assert all(message.delivery_info["redelivered"] and message.headers == {"who": "me"} for message in messages)


def test_a_persistent_message_is_stored_when_publishing_returns(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    client.send(b"\x00", queue, delivery_mode=2)
    query = "SELECT queue, body, json_extract(properties, '$.delivery_mode'), expires_at FROM message"
    assert durable.rows(query) == [(queue, b"\x00", 2, None)]


@pytest.mark.parametrize(("is_durable", "delivery_mode"), [(True, 1), (False, 2)])
def test_other_messages_are_never_stored(durable: Durable, is_durable: bool, delivery_mode: int) -> None:  # noqa: FBT001
    client = durable.client()
    client.send("hello", client.queue(durable=is_durable), delivery_mode=delivery_mode)
    assert durable.rows("SELECT * FROM message") == []


def test_an_acknowledged_message_does_not_come_back(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    client.send("a", queue, delivery_mode=2)
    client.send("b", queue, delivery_mode=2)
    client.get(queue, no_ack=False).ack()
    client.get(queue, no_ack=False)
    assert durable.restart().get(queue).body == "b"


def test_a_message_passed_on_moves_in_the_file_too(durable: Durable) -> None:
    client = durable.client()
    dead = client.queue(durable=True)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    queue = client.queue(durable=True, arguments=arguments)
    client.send("bad", queue, delivery_mode=2)
    client.get(queue, no_ack=False).reject()
    assert durable.rows("SELECT queue FROM message") == [(dead,)]


def test_deleted_queues_leave_nothing_behind(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    client.send("hello", queue, delivery_mode=2)
    client.channel.queue_delete(queue)
    assert (durable.rows("SELECT * FROM message"), durable.restart().exists(queue)) == ([], False)


def test_durable_exchanges_and_bindings_come_back(durable: Durable) -> None:
    client = durable.client()
    for name in ("inner", "outer"):
        client.channel.exchange_declare(name, "topic", durable=True, auto_delete=False)
    client.channel.exchange_bind("inner", "outer", "a.#")
    queue = client.queue(durable=True)
    client.channel.queue_bind(queue, "inner", "#.b")
    again = durable.restart()
    again.send("hello", "a.b", "outer")
    assert again.get(queue).body == "hello"


def test_what_is_not_durable_does_not_come_back(durable: Durable) -> None:
    client = durable.client()
    queue, exclusive = client.queue(), client.queue(durable=True, exclusive=True)
    again = durable.restart()
    assert (again.exists(queue), again.exists(exclusive)) == (False, False)


def test_a_delayed_message_waits_its_remaining_time(durable: Durable) -> None:
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


def test_a_message_to_several_queues_is_one_transaction(durable: Durable) -> None:
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


def test_what_was_published_outlives_the_process(tmp_path: Path) -> None:
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


def test_a_message_that_cannot_be_stored_is_refused(durable: Durable) -> None:
    client = durable.client()
    queue = client.queue(durable=True)
    durable.broker._store._file.execute("PRAGMA query_only = 1")
    with pytest.raises(client.connection.recoverable_connection_errors):
        client.send("hello", queue, delivery_mode=2)


def test_a_broker_opens_once(durable: Durable) -> None:
    with pytest.raises(ValueError, match="already"):
        embedded.open_broker(durable.name)


def test_the_clients_of_a_closed_broker_get_a_connection_error(durable: Durable) -> None:
    client = durable.client()
    waiting = eventlet.spawn(client.connection.drain_events)
    eventlet.sleep(0)
    embedded.close_broker(durable.name)
    with pytest.raises(amqp.ConnectionForced):
        waiting.wait()


def test_a_closed_broker_refuses_connections(durable: Durable) -> None:
    embedded.close_broker(durable.name)
    with pytest.raises(ConnectionRefusedError):
        embedded.broker(durable.name)


class Worker(ConsumerMixin):
    """A consumer as kombu's documentation has it."""

    def __init__(self, connection: kombu.Connection, queue: str) -> None:
        self.connection, self.queue, self.got = connection, kombu.Queue(queue), []

    def get_consumers(self, consumer: Any, _channel: Any) -> list[Any]:
        return [consumer([self.queue], callbacks=[self.take])]

    def take(self, body: Any, message: Any) -> None:
        self.got.append(body)
        message.ack()


def test_a_consumer_connects_again_when_the_broker_is_back(durable: Durable) -> None:
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


def test_the_scheme_alone_is_enough_and_names_ignore_case() -> None:
    with kombu.Connection("embedded://Memory") as connection:
        connection.connect()
        assert len(embedded.broker("memory").connections) == 1
    embedded.close_broker("memory")


def test_who_always_has_something_to_do_gives_way_to_others(durable: Durable) -> None:
    client, turns = durable.client(), []
    queue = client.queue()
    client.consume(queue, no_ack=True)
    for number in range(200):
        client.send(str(number), queue)
    eventlet.spawn(lambda: turns.append(len(client.got)))
    client.wait(200)
    assert turns[0] < 200
