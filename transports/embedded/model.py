"""The parts of a broker: messages, queues, consumers, exchanges, and the interfaces of its clients."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from amqp.basic_message import Message
from eventlet.greenthread import GreenThread


class Client(Protocol):
    """A connected client, as the broker sees it."""

    def close(self, error: Exception | None = None) -> None:
        """End the connection. Its users see `error` from then on."""


class Receiver(Protocol):
    """The client's end of a channel, as the broker and the connection see it."""

    def deliver(self, consumer: "Consumer", entry: "Entry") -> None:
        """Pass a message on to a consumer of the channel."""

    def cancelled(self, consumer: "Consumer") -> None:
        """Tell a consumer of the channel that its queue was deleted."""

    def leave(self) -> None:
        """Stop all consumers of the channel and drop the messages that wait for them."""

    def close(self) -> None:
        """Close the channel and return its unacknowledged messages to their queues."""


@dataclass(slots=True, eq=False)
class Entry:
    """A message in one queue. `expires_at` is on the monotonic clock; `properties` are shared and never changed."""

    id: int
    body: bytes | str
    properties: dict[str, Any]
    exchange: str
    routing_key: str
    expires_at: float | None = None
    stored: bool = False
    redelivered: bool = False
    deliveries: int = 0


@dataclass(slots=True, eq=False)
class Consumer:
    """A subscription to a queue. Without a queue, it gets direct replies. A `limit` of 0 means no limit."""

    tag: str
    channel: Receiver
    queue: "Queue | None"
    no_ack: bool
    callback: Callable[[Message], object]
    on_cancel: Callable[[str], object] | None
    limit: int
    unacked: int = 0


@dataclass(slots=True, eq=False)
class Queue:
    """Messages in order, and the consumers that take turns. `owner` is the client of an exclusive queue."""

    name: str
    durable: bool = False
    auto_delete: bool = True
    arguments: dict[str, Any] = field(default_factory=dict)
    owner: Client | None = None
    ready: deque[Entry] = field(default_factory=deque)
    consumers: deque[Consumer] = field(default_factory=deque)
    alarm: GreenThread | None = None
    alarm_at: float = 0.0
    idle: GreenThread | None = None

    @property
    def is_quorum(self) -> bool:
        """Whether the queue counts redeliveries."""
        return bool(self.arguments.get("x-queue-type") == "quorum")

    def next_consumer(self) -> Consumer | None:
        """Choose a consumer that is below its limit, in round robin."""
        for _ in range(len(self.consumers)):
            consumer = self.consumers[0]
            self.consumers.rotate(-1)
            if not consumer.limit or consumer.unacked < consumer.limit:
                return consumer
        return None

    def put_back(self, entry: Entry) -> None:
        """Return a message to its old place, near the front."""
        entry.redelivered = True
        place = next((i for i, other in enumerate(self.ready) if other.id > entry.id), len(self.ready))
        self.ready.insert(place, entry)


@dataclass(slots=True, eq=False)
class Exchange:
    """A target for published messages. `bindings` are pairs of destination and key, in order."""

    name: str
    type: str
    durable: bool = False
    auto_delete: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    bindings: dict[tuple["Queue | Exchange", str], None] = field(default_factory=dict)

    def takes(self, pattern: str, key: str) -> bool:
        """Whether a message with this key matches the pattern of a binding."""
        if self.type == "topic":
            return _fits(pattern.split(".") if pattern else [], key.split(".") if key else [])
        return self.type == "fanout" or pattern == key


def _fits(pattern: list[str], words: list[str]) -> bool:
    if not pattern or not words:
        return not words and all(part == "#" for part in pattern)
    if pattern[0] == "#":
        return _fits(pattern[1:], words) or _fits(pattern, words[1:])
    return pattern[0] in ("*", words[0]) and _fits(pattern[1:], words[1:])
