"""Direct replies, without a queue, on both brokers."""

from collections.abc import Callable

import pytest
from amqp import exceptions as amqp

from tests.transports.clients import REPLY_TO, Client


def test_direct_reply_reaches_the_caller(connect: Callable[..., Client]) -> None:
    asking, answering = connect(), connect()
    queue = answering.queue()
    asking.consume(REPLY_TO, no_ack=True)
    asking.send("question", queue, reply_to=REPLY_TO)
    reply_to = answering.get(queue).properties["reply_to"]
    assert reply_to.startswith(f"{REPLY_TO}.")
    answering.send("answer", reply_to)
    assert asking.wait() == ["answer"]


def test_direct_reply_to_a_closed_caller_is_dropped(connect: Callable[..., Client]) -> None:
    asking, answering = connect(), connect()
    queue = answering.queue()
    asking.consume(REPLY_TO, no_ack=True)
    asking.send("question", queue, reply_to=REPLY_TO)
    asking.close()
    answering.send("answer", answering.get(queue).properties["reply_to"])
    assert answering.count(queue) == 0


def test_direct_reply_to_needs_a_reply_consumer(client: Client) -> None:
    with pytest.raises(amqp.PreconditionFailed):
        client.send("question", client.queue(), reply_to=REPLY_TO)


def test_reply_consumer_cannot_acknowledge(client: Client) -> None:
    with pytest.raises(amqp.PreconditionFailed):
        client.consume(REPLY_TO)
