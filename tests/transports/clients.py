"""A plain kombu client, for both brokers."""

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import eventlet
import kombu
from amqp import exceptions as amqp

SECONDS = 5.0
REPLY_TO = "amq.rabbitmq.reply-to"
T = TypeVar("T")


def until(condition: Callable[[], T]) -> T:
    """Let other green threads run until the condition holds, and return its value."""
    with eventlet.Timeout(SECONDS, AssertionError("the condition did not hold in time")):
        while not (found := condition()):
            eventlet.sleep(0.005)
    return found


class Client:
    """A connection with a channel, its declared objects and its received messages."""

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
        """Wait for `number` messages, and return their bodies."""
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
