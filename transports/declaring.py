"""Declarations beyond the ordinary: without waiting for an answer, and of a queue that may not be ours to make."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from amqp.exceptions import NotFound


class NoWait:
    """A channel on which declarations wait for no answer, so that any thread may make them; a refusal ends it."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self.channel, name), nowait=True)


def declare_quorum(channel: Any, name: str, more: Mapping[str, Any] | None = None) -> None:
    """A queue that a cluster keeps several times, and that outlives a restart."""
    arguments = {"x-queue-type": "quorum", **(more or {})}
    channel.queue_declare(queue=name, durable=True, exclusive=False, auto_delete=False, arguments=arguments)


def ensure_queue(connection: Any, name: str) -> None:
    """Make a quorum queue unless it is there. To see that it is needs no right on it, unlike to declare it again."""
    channel = connection.channel()
    try:
        channel.queue_declare(queue=name, passive=True)
    except NotFound:  # That has closed the channel.
        channel = connection.channel()
        declare_quorum(channel, name)
    channel.close()


def size_of(channel: Any, queue: str) -> int:
    """How many messages a queue has, 0 when there is none. The channel is closed then; to ask needs no right."""
    try:
        number = int(channel.queue_declare(queue=queue, passive=True)[1])
    except NotFound:
        return 0
    channel.close()
    return number
