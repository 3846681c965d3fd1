"""What a broker is made of: messages in queues, those who consume them, and exchanges."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amqp.basic_message import Message
    from eventlet.greenthread import GreenThread

    from transports.embedded.channel import Channel
    from transports.embedded.connection import Connection


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
    """Somebody who waits for a queue's messages (no queue: for direct replies); a `limit` of 0 means any number."""

    tag: str
    channel: "Channel"
    queue: "Queue | None"
    no_ack: bool
    callback: "Callable[[Message], object]"
    on_cancel: Callable[[str], object] | None
    limit: int
    unacked: int = 0


@dataclass(slots=True, eq=False)
class Queue:
    """Messages in order, and those who consume them in turn."""

    name: str
    durable: bool = False
    auto_delete: bool = True
    arguments: dict[str, Any] = field(default_factory=dict)
    owner: "Connection | None" = None
    ready: deque[Entry] = field(default_factory=deque)
    consumers: deque[Consumer] = field(default_factory=deque)
    alarm: "GreenThread | None" = None
    alarm_at: float = 0.0
    idle: "GreenThread | None" = None

    @property
    def is_quorum(self) -> bool:
        """Whether redeliveries are counted."""
        return bool(self.arguments.get("x-queue-type") == "quorum")

    def next_consumer(self) -> Consumer | None:
        """Round robin among those who may have one more."""
        for _ in range(len(self.consumers)):
            consumer = self.consumers[0]
            self.consumers.rotate(-1)
            if not consumer.limit or consumer.unacked < consumer.limit:
                return consumer
        return None

    def put_back(self, entry: Entry) -> None:
        """Return a message to its old place, which is at the front."""
        entry.redelivered = True
        place = next((i for i, other in enumerate(self.ready) if other.id > entry.id), len(self.ready))
        self.ready.insert(place, entry)


@dataclass(slots=True, eq=False)
class Exchange:
    """Where messages are published. `bindings` are pairs of destination and key, in order."""

    name: str
    type: str
    durable: bool = False
    auto_delete: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    bindings: dict[tuple["Queue | Exchange", str], None] = field(default_factory=dict)

    def takes(self, pattern: str, key: str) -> bool:
        """Whether a message with this key goes to a binding with that pattern."""
        if self.type == "topic":
            return _fits(pattern.split(".") if pattern else [], key.split(".") if key else [])
        return self.type == "fanout" or pattern == key


def _fits(pattern: list[str], words: list[str]) -> bool:
    if not pattern or not words:
        return not words and all(part == "#" for part in pattern)
    if pattern[0] == "#":
        return _fits(pattern[1:], words) or _fits(pattern, words[1:])
    return pattern[0] in ("*", words[0]) and _fits(pattern[1:], words[1:])
