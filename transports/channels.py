"""The parts of AMQP channels and messages that Matron uses. py-amqp and kombu have no types."""

from collections.abc import Callable, Mapping
from typing import Protocol


class Received(Protocol):
    """A message from a queue."""

    body: bytes | str
    headers: Mapping[str, object]
    properties: Mapping[str, object]


class Declaring(Protocol):
    """A channel, for declarations."""

    def exchange_declare(self, *, exchange: str, type: str, durable: bool, auto_delete: bool) -> object:  # noqa: A002  AMQP's name
        """Declare an exchange."""

    def exchange_bind(self, *, destination: str, source: str, routing_key: str) -> object:
        """Bind an exchange to an exchange."""

    def queue_declare(
        self,
        *,
        queue: str,
        durable: bool,
        exclusive: bool,
        auto_delete: bool,
        arguments: Mapping[str, object] | None = None,
    ) -> object:
        """Declare a queue."""

    def queue_bind(self, *, queue: str, exchange: str, routing_key: str) -> object:
        """Bind a queue to an exchange."""


class Consuming(Declaring, Protocol):
    """A channel, for declarations and consumers."""

    def basic_consume(
        self, queue: str, *, no_ack: bool, callback: Callable[[object], None], consumer_tag: str
    ) -> object:
        """Call `callback` with each message of a queue, in the form of the transport."""

    def message_to_python(self, raw_message: object, /) -> Received:
        """Return a message of the transport as one of kombu."""
