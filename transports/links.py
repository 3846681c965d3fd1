"""Connections to a broker that are kept open: each a link, with a thread of its own that reads and connects again."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from socket import SHUT_RDWR
from typing import Any

import eventlet
from amqp import spec
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import KombuError

HEARTBEAT_SECONDS = 10
CONNECT_SECONDS = 5
SET_UP_SECONDS = 10
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
POLITE_SECONDS = 0.5


class BrokerDown(ConnectionError):
    """There is no connection to the broker, or it takes nothing."""


BROKER_ERRORS = (OSError, AMQPError, KombuError, AttributeError)
"""What a lost connection raises; py-amqp itself stumbles over attributes that are gone."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be published. Properties by their AMQP names."""

    body: bytes
    exchange: str
    routing_key: str
    headers: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)

    def send(self, channel: Any, *, mandatory: bool = False) -> None:
        """Publish on a channel."""
        message = channel.prepare_message(
            self.body,
            content_type="application/json",
            content_encoding="utf-8",
            headers=self.headers,
            properties=self.properties,
        )
        channel.basic_publish(message, exchange=self.exchange, routing_key=self.routing_key, mandatory=mandatory)


def connection_to(url: str) -> Connection:
    """A connection that is not open yet. `embedded://name` stays in the process."""
    if url.startswith("embedded:"):
        return Connection(url, transport="transports.embedded:Transport")  # type: ignore[no-untyped-call]
    return Connection(  # type: ignore[no-untyped-call]
        url, transport="transports.wire:Transport", heartbeat=HEARTBEAT_SECONDS, connect_timeout=CONNECT_SECONDS
    )


class Link:
    """One connection with one channel.

    `set_up(channel)` runs after every connect, `lost()` after every loss; `tell(event, error)` hears `up`, `down`,
    `blocked` and `unblocked`, and the class of the error that there was.
    """

    def __init__(
        self,
        url: str,
        set_up: Callable[[Any], None],
        *,
        lost: Callable[[], None] = lambda: None,
        tell: Callable[[str, str], None] = lambda _event, _error: None,
    ) -> None:
        self.url, self.set_up, self.lost, self.tell = url, set_up, lost, tell
        self.transport: Any = None
        self.connection: Any = None
        self.open_channel: Any = None
        self.blocked = False
        self.stopping = False
        self.thread: Any = None

    @property
    def is_up(self) -> bool:
        """Whether the link is set up and the broker takes messages."""
        return self.open_channel is not None and not self.blocked

    @property
    def channel(self) -> Any:
        """The channel to publish on; `BrokerDown` while there is none."""
        if self.open_channel is None or self.blocked:
            raise BrokerDown("no connection to the broker")
        return self.open_channel

    def start(self) -> None:
        """Begin to connect, without waiting for it."""
        if self.thread is None:
            self.thread = eventlet.spawn(self._keep)

    def stop(self) -> None:
        """End the connection: politely if the broker answers at once, abruptly if not."""
        if self.stopping:
            return
        self.stopping = True
        if self.open_channel is not None:
            self._say_goodbye()
        self._drop(self.connection)
        if self.thread is not None:
            self.thread.kill()
        self._forget()

    def _say_goodbye(self) -> None:
        """Ask the broker to close, and let the reading thread hear its answer."""
        try:
            if hasattr(self.connection, "send_method"):
                self.connection.send_method(spec.Connection.Close, "BsBB", (0, "", 0, 0))
                with eventlet.Timeout(POLITE_SECONDS, exception=False):
                    self.thread.wait()
        except BROKER_ERRORS:
            pass  # The link ends either way.

    def _keep(self) -> None:
        failures = 0
        while not self.stopping:
            try:
                self._open()
                failures = 0
                while True:
                    self.transport.drain_events(self.connection)
            except (Exception, eventlet.Timeout) as error:  # noqa: BLE001  whatever broke it, the cure is the same
                self._report(error, failures)
            self._drop(self.connection)
            self._forget()
            eventlet.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            failures += 1

    def _open(self) -> None:
        # Not through kombu's own `connect`: it connects again by itself, without our set-up, whenever it is used later.
        client = connection_to(self.url)
        if not self.url.startswith("embedded:"):
            blocked, unblocked = partial(self._told, "blocked"), partial(self._told, "unblocked")
            client.transport_options = {"on_blocked": blocked, "on_unblocked": unblocked}
        self.transport = client.transport
        with eventlet.Timeout(SET_UP_SECONDS):
            self.connection = self.transport.establish_connection()
            channel = self.transport.create_channel(self.connection)
            self.set_up(channel)
        self.open_channel, self.blocked = channel, False
        self.tell("up", "")
        eventlet.spawn(self._watch, self.connection)

    def _told(self, state: str, *_reason: object) -> None:
        self.blocked = state == "blocked"
        self.tell(state, "")

    def _watch(self, connection: Any) -> None:
        """Send heartbeats, and drop the connection when the broker's stay away."""
        while True:
            eventlet.sleep(HEARTBEAT_SECONDS / 4)
            if self.connection is not connection or self.stopping:
                return
            try:
                self.transport.heartbeat_check(connection)
            except Exception:  # noqa: BLE001  a missed heartbeat and a broken socket alike
                self._hang_up(connection)
                return

    def _hang_up(self, connection: Any) -> None:
        """End the socket and leave the rest to the reading thread, which a socket that is closed would never wake."""
        transport: Any = getattr(connection, "_transport", None)
        if hasattr(transport, "drop"):
            transport.drop()
        elif getattr(transport, "sock", None) is not None:
            with suppress(OSError):
                transport.sock.shutdown(SHUT_RDWR)
        else:
            self._drop(connection)

    def _report(self, error: BaseException, failures: int) -> None:
        if not self.stopping and failures in (0, 10):
            self.tell("down", type(error).__name__)

    def _drop(self, connection: Any) -> None:
        """End the socket without a word: a polite close would wait for a broker that may be frozen."""
        socket: Any = getattr(connection, "_transport", None)
        try:
            if hasattr(socket, "drop"):
                socket.drop()
            if hasattr(connection, "collect"):
                connection.collect()
            elif connection is not None:
                self.transport.close_connection(connection)
        except Exception:  # noqa: BLE001, S110  it is gone already
            pass

    def _forget(self) -> None:
        was_up = self.open_channel is not None
        self.connection = self.open_channel = None
        if was_up:
            self.lost()
