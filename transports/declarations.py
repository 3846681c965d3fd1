"""Declarations beyond the ordinary: without waiting for an answer, and of a queue that may not be ours to make."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from amqp.exceptions import AccessRefused, ChannelError, NotFound


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


class Declarations:
    """Queues that are declared for other programs. The refusal of one concerns that queue alone.

    `refused(queue, error)` hears of each refusal that is new.
    """

    def __init__(self, declare: Mapping[str, Callable[[Any], None]], refused: Callable[[str, str], None]) -> None:
        self.declare, self.tell = declare, refused
        self.refused = set[str]()

    def make(self, connection: Any) -> None:
        """Declare all, each refusal ending a channel apart."""
        channel = connection.channel()
        for queue, declare in self.declare.items():
            try:
                declare(channel)
                self.refused.discard(queue)
            except ChannelError as error:
                channel = connection.channel()
                if queue not in self.refused:
                    self.refused.add(queue)
                    self.tell(queue, f"{error.reply_text} ({error.method})")
        channel.close()

    def renew(self, channel: Any) -> None:
        """Declare again, without waiting for answers, all that were not refused."""
        for queue in self.declare.keys() - self.refused:
            self.declare[queue](NoWait(channel))


class Sparing:
    """A channel that declares what is its owner's, and makes the rest only where that is missing.

    RabbitMQ wants the right to configure also from a client that declares what is there; a client that only looks needs
    no right. Bindings of what was there are there as well. `lacks` hears of a queue that is missing and may not be
    made; an exchange raises.
    """

    def __init__(self, channel: Any, owns: Callable[[str], bool], lacks: Callable[[str], None] | None = None) -> None:
        self.channel, self.owns, self.lacks = channel, owns, lacks
        self.found, self.made = set[tuple[str, str]](), set[str]()

    def exchange_declare(self, *, exchange: str, **how: Any) -> None:
        """Declare an exchange of the owner's; another one only where it is missing."""
        self._declare("exchange", exchange, how)

    def queue_declare(self, *, queue: str, **how: Any) -> None:
        """Declare a queue of the owner's; another one only where it is missing."""
        try:
            self._declare("queue", queue, how)
        except AccessRefused:
            if self.lacks is None:
                raise
            self.lacks(queue)

    def queue_bind(self, *, queue: str, exchange: str, routing_key: str) -> None:
        """Bind a queue of the owner's, or one of which an end was missing."""
        if self.owns(queue) or {queue, exchange} & self.made:
            self.channel.queue_bind(queue=queue, exchange=exchange, routing_key=routing_key)

    def exchange_bind(self, *, destination: str, source: str, routing_key: str) -> None:
        """Bind exchanges of which one was missing."""
        if {destination, source} & self.made:
            self.channel.exchange_bind(destination=destination, source=source, routing_key=routing_key)

    def _declare(self, kind: str, name: str, how: Mapping[str, Any]) -> None:
        if self.owns(name):
            getattr(self.channel, f"{kind}_declare")(**{kind: name}, **how)
        elif (kind, name) not in self.found:
            if not self._ask(kind, name, {**how, "passive": True}, NotFound):
                self._ask(kind, name, how)
                self.made.add(name)
            self.found.add((kind, name))

    def _ask(self, kind: str, name: str, how: Mapping[str, Any], no: tuple[()] | type[Exception] = ()) -> bool:
        """Declare on a channel of its own, which a refusal closes; False when the answer is `no`."""
        channel = self.channel.connection.channel()
        try:
            getattr(channel, f"{kind}_declare")(**{kind: name}, **how)
        except no:
            return False
        channel.close()
        return True
