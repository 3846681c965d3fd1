"""Declarations of queues and exchanges: without waiting for a reply, and with few permissions."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from amqp.exceptions import AccessRefused, ChannelError, NotFound

from transports.channels import Declaring


class NoWait:
    """A channel that declares without waiting for replies, so that any thread may use it. A refusal closes it."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self.channel, name), nowait=True)


def declare_quorum(channel: Declaring, name: str, more: Mapping[str, object] | None = None) -> None:
    """Declare a durable quorum queue, which a cluster replicates."""
    arguments = {"x-queue-type": "quorum", **(more or {})}
    channel.queue_declare(queue=name, durable=True, exclusive=False, auto_delete=False, arguments=arguments)


def ensure_queue(connection: Any, name: str) -> None:
    """Declare a quorum queue, if it is missing. A passive check needs no permission, unlike a declaration."""
    channel = connection.channel()
    try:
        channel.queue_declare(queue=name, passive=True)
    except NotFound:  # The error has closed the channel.
        channel = connection.channel()
        declare_quorum(channel, name)
    channel.close()


def size_of(channel: Any, queue: str) -> int:
    """The number of messages in a queue, or 0 if it does not exist. Closes the channel. Needs no permission."""
    try:
        number = int(channel.queue_declare(queue=queue, passive=True)[1])
    except NotFound:
        return 0
    channel.close()
    return number


class Declarations:
    """Queues that are declared for other programs. A refusal affects only the refused queue.

    `refused(queue, error)` is called for each new refusal.
    """

    def __init__(self, declare: Mapping[str, Callable[[Declaring], None]], refused: Callable[[str, str], None]) -> None:
        self.declare, self.tell = declare, refused
        self.refused = set[str]()

    def make(self, connection: Any) -> None:
        """Declare all queues, on a separate channel, which is replaced after a refusal."""
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
        """Declare all queues that were not refused again, without waiting for replies."""
        for queue in self.declare.keys() - self.refused:
            self.declare[queue](NoWait(channel))


class Sparing:
    """A channel that declares the queues and exchanges of its owner, and creates others only if they are missing.

    RabbitMQ requires the permission to configure also for a declaration of an existing queue. A passive check requires
    none. Bindings of an existing queue or exchange are assumed to exist. `lacks` gets the name of a queue that is
    missing and that the account may not create. For an exchange, the error is raised.
    """

    def __init__(self, channel: Any, owns: Callable[[str], bool], lacks: Callable[[str], None] | None = None) -> None:
        self.channel, self.owns, self.lacks = channel, owns, lacks
        self.found, self.made = set[tuple[str, str]](), set[str]()

    def exchange_declare(self, *, exchange: str, **how: Any) -> None:
        """Declare an exchange of the owner. Create another exchange only if it is missing."""
        self._declare("exchange", exchange, how)

    def queue_declare(self, *, queue: str, **how: Any) -> None:
        """Declare a queue of the owner. Create another queue only if it is missing."""
        try:
            self._declare("queue", queue, how)
        except AccessRefused:
            if self.lacks is None:
                raise
            self.lacks(queue)

    def queue_bind(self, *, queue: str, exchange: str, routing_key: str) -> None:
        """Bind a queue, if the owner has it, or if the queue or the exchange was missing."""
        if self.owns(queue) or {queue, exchange} & self.made:
            self.channel.queue_bind(queue=queue, exchange=exchange, routing_key=routing_key)

    def exchange_bind(self, *, destination: str, source: str, routing_key: str) -> None:
        """Bind two exchanges, if one of them was missing."""
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
        """Declare on a separate channel, which a refusal closes. False if the broker answers with `no`."""
        channel = self.channel.connection.channel()
        try:
            getattr(channel, f"{kind}_declare")(**{kind: name}, **how)
        except no:
            return False
        channel.close()
        return True
