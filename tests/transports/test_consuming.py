"""Consumers, acknowledgements and redelivery, on both brokers."""

from collections.abc import Callable

import eventlet
import pytest
from amqp import exceptions as amqp

from tests.transports.clients import SECONDS, Client, until


def test_drain_times_out_without_a_message(client: Client) -> None:
    with pytest.raises(TimeoutError):
        client.connection.drain_events(timeout=0.02)


def test_waiting_consumer_is_woken_by_a_message(connect: Callable[..., Client]) -> None:
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


def test_consumer_gets_at_most_its_prefetch(client: Client) -> None:
    queue = client.queue()
    for body in "abc":
        client.send(body, queue)
    client.consume(queue, prefetch=2)
    client.wait(2)
    assert client.count(queue) == 1


def test_prefetch_counts_each_consumer_separately(client: Client) -> None:
    queue = client.queue()
    client.consume(queue, prefetch=1)
    client.consume(queue, prefetch=1)
    for body in "abc":
        client.send(body, queue)
    assert (client.wait(2), client.count(queue)) == (["a", "b"], 1)


def test_acknowledgement_makes_room_for_the_next_message(client: Client) -> None:
    queue = client.queue()
    client.consume(queue, prefetch=1)
    client.send("a", queue)
    client.send("b", queue)
    client.wait()
    client.got[0].ack()
    assert client.wait(2) == ["a", "b"]


def test_multiple_acknowledgement_settles_all_earlier_messages(client: Client) -> None:
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


def test_unknown_delivery_tag_is_an_error(client: Client) -> None:
    def acknowledge() -> None:
        client.channel.basic_ack(7)
        client.connection.drain_events(timeout=SECONDS)  # a server reports it later

    with pytest.raises(amqp.PreconditionFailed):
        acknowledge()


def test_message_without_acknowledgement_is_deleted_on_delivery(client: Client) -> None:
    queue = client.queue()
    client.consume(queue, no_ack=True)
    client.send("hello", queue)
    client.wait()
    client.got[0].ack()
    client.channel.close()
    client.channel = client.connection.channel()
    assert client.count(queue) == 0


@pytest.mark.parametrize("part", ["channel", "connection"])
def test_unacknowledged_messages_return_to_the_front(connect: Callable[..., Client], part: str) -> None:
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


def test_requeued_message_is_delivered_first(client: Client) -> None:
    queue = client.queue()
    client.send("a", queue)
    client.send("b", queue)
    client.get(queue, no_ack=False).requeue()
    again = client.get(queue)
    assert (again.body, again.delivery_info["redelivered"]) == ("a", True)


def test_recover_requeues_all_messages(client: Client) -> None:
    queue = client.queue()
    client.send("a", queue)
    client.get(queue, no_ack=False)
    client.channel.basic_recover(requeue=True)
    assert client.get_soon(queue).delivery_info["redelivered"]


def test_quorum_queue_counts_redeliveries(client: Client) -> None:
    queue = client.queue(arguments={"x-queue-type": "quorum"})
    client.consume(queue, prefetch=1)
    client.send("hello", queue, headers={"who": "me"})
    for count in (1, 2, 3):
        client.wait(count)
        client.got[-1].requeue()
    counts = [message.headers.get("x-delivery-count", 0) for message in client.got]
    assert counts == [0, 1, 2]


def test_cancelled_consumer_gets_no_more_messages(client: Client) -> None:
    queue = client.queue()
    client.channel.basic_cancel(client.consume(queue))
    client.send("hello", queue)
    assert (client.count(queue), client.got) == (1, [])


def test_cancelled_consumer_handles_messages_already_sent(client: Client) -> None:
    queue = client.queue()
    tag = client.consume(queue)
    client.send("hello", queue)
    client.channel.basic_cancel(tag)
    assert client.wait() == ["hello"]


def test_acknowledgement_on_a_closed_channel_is_a_connection_error(client: Client) -> None:
    queue = client.queue()
    client.consume(queue)
    client.send("hello", queue)
    client.wait()
    client.channel.close()
    with pytest.raises(client.connection.connection_errors):
        client.got[0].ack()
