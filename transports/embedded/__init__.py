"""A broker inside the process, as a kombu transport, for `matron run` and for tests without a server.

`kombu.Connection("embedded://account@name")` connects to the broker of that name, which behaves like RabbitMQ. The
import of this package registers the scheme with kombu. An account has no password and all permissions. A connection
without an account may publish with any `user_id`. Kombu's own `memory://` polls, and drops properties. This
transport wakes the consumer, and delivers a message as py-amqp does. `store` describes the file.
"""

from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, base, pyamqp

from transports.embedded.channel import Channel
from transports.embedded.connection import Connection
from transports.embedded.model import Receiver
from transports.embedded.server import TYPES, Broker

__all__ = ["Broker", "Channel", "Connection", "Transport", "broker", "close_broker", "open_broker"]

TRANSPORT_ALIASES["embedded"] = "transports.embedded:Transport"

# By name in lower case, as urllib returns host names. None: closed.
_brokers: dict[str, Broker | None] = {}


def open_broker(name: str, path: Path | None = None) -> Broker:
    """Start a broker. With a path, the file keeps its durable queues, exchanges and messages."""
    if _brokers.get(name.lower()) is not None:
        raise ValueError(f"There is a broker {name!r} already.")
    opened = _brokers[name.lower()] = Broker(name, path)
    return opened


def broker(name: str) -> Broker:
    """The broker of a name. A broker that was not opened before keeps its messages in memory only."""
    known = _brokers.get(name.lower())
    if known is None and name.lower() in _brokers:
        raise ConnectionRefusedError(f"The broker {name!r} is closed.")
    return known or open_broker(name)


def close_broker(name: str) -> None:
    """Stop a broker. Its clients get a connection error, and cannot connect until it is opened again."""
    closing, _brokers[name.lower()] = _brokers.get(name.lower()), None
    if closing is not None:
        closing.close()


class Transport(base.Transport):
    """The kombu transport. Its errors are those of py-amqp, so that clients reconnect in the same way."""

    driver_type = "amqp"
    driver_name = "embedded"
    connection_errors = pyamqp.Transport.connection_errors
    channel_errors = pyamqp.Transport.channel_errors
    recoverable_connection_errors = pyamqp.Transport.recoverable_connection_errors
    recoverable_channel_errors = pyamqp.Transport.recoverable_channel_errors
    implements = base.Transport.implements.extend(asynchronous=False, heartbeats=False, exchange_type=frozenset(TYPES))

    def establish_connection(self) -> Connection:
        """Connect to the broker that the URL names."""
        client: Any = self.client
        confirms = bool((client.transport_options or {}).get("confirm_publish"))
        opened = broker(client.hostname or "default")
        return Connection(opened, client, client.userid or "", confirms=confirms, new_channel=Channel)

    def close_connection(self, connection: Connection) -> None:
        """Close a connection."""
        connection.close()

    _collect = close_connection  # kombu's name for a close after an error

    def create_channel(self, connection: Connection) -> Receiver:
        """Open a channel."""
        return connection.channel()

    def close_channel(self, channel: Receiver) -> None:
        """Close a channel."""
        channel.close()

    def drain_events(self, connection: Connection, **kwargs: Any) -> None:
        """Wait up to `timeout` seconds for an arrival, and handle it."""
        connection.drain_events(**kwargs)

    def verify_connection(self, connection: Connection) -> bool:
        """Whether the connection is open."""
        return connection.connected

    def driver_version(self) -> str:
        """The version of AMQP."""
        return "0.9.1"
