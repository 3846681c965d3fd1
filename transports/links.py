"""Links: connections to a broker that stay open. The thread of a link reads, and reconnects after a loss."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from socket import SHUT_RDWR
from time import monotonic
from typing import Any

import eventlet
from amqp import spec
from amqp.exceptions import AMQPError, ChannelError
from kombu.connection import Connection
from kombu.exceptions import KombuError

from transports.senders import signed

HEARTBEAT_SECONDS = 10
CONNECT_SECONDS = 5
SET_UP_SECONDS = 10
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
POLITE_SECONDS = 0.5
ASK_SECONDS = 2.0
"""Interval in which the broker must send something. Each link asks for a reply twice in that time."""


class BrokerDown(ConnectionError):
    """There is no connection to the broker, or the broker accepts no messages."""


BROKER_ERRORS = (OSError, AMQPError, KombuError, AttributeError)
"""The errors of a lost connection. py-amqp raises AttributeError when it uses a closed one."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. `properties` have their AMQP names."""

    body: bytes
    exchange: str
    routing_key: str
    headers: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    needs_queue: bool = False
    """Whether the message must reach a queue."""

    def send(self, channel: Any, *, mandatory: bool = False, account: str = "") -> None:
        """Publish on a channel. The broker checks `account`."""
        message = channel.prepare_message(
            self.body,
            content_type="application/json",
            content_encoding="utf-8",
            headers=self.headers,
            properties=signed(self.properties, account),
        )
        channel.basic_publish(message, exchange=self.exchange, routing_key=self.routing_key, mandatory=mandatory)


def connection_to(url: str) -> Connection:
    """Prepare a connection, without opening it. `embedded://name` stays in the process. `amqps:` uses verified TLS.

    The certificate of the broker is verified by the authorities of the machine, or by those in the file
    `?ssl_ca_certs=` of the URL. `ssl_certfile` and `ssl_keyfile` name the certificate of the client.
    """
    if url.startswith("embedded:"):
        return Connection(url, transport="transports.embedded:Transport")  # type: ignore[no-untyped-call]  # kombu has no types
    connection: Connection = Connection(  # type: ignore[no-untyped-call]  # kombu has no types
        url, transport="transports.wire:Transport", heartbeat=HEARTBEAT_SECONDS, connect_timeout=CONNECT_SECONDS
    )
    if url.startswith("amqps:"):
        connection.ssl = connection.ssl or True  # Kombu recognises TLS by the name of its own transport only.
    return connection


def drop(transport: Any, connection: Any) -> None:
    """Close the socket of a connection at once: a regular close would wait for a broker that may be frozen."""
    socket: Any = getattr(connection, "_transport", None)
    try:
        if hasattr(socket, "drop"):
            socket.drop()
        if hasattr(connection, "collect"):
            connection.collect()
        elif connection is not None:
            transport.close_connection(connection)
    except Exception:  # noqa: BLE001, S110  the connection is closed already
        pass


class Link:
    """One connection with one channel.

    `set_up(channel)` runs after every connect, `lost()` after every loss. `tell(event, error)` gets the events `up`,
    `down`, `refused`, `blocked` and `unblocked`, with the class of the error, or the broker's text of a refusal.
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
        self.asked_at = 0.0
        """Time of the request that the broker has not answered yet. 0 without such a request."""
        self.heard = 0

    @property
    def answers(self) -> bool:
        """Whether the link is up and the broker replies."""
        return self.is_up and not (self.asked_at and monotonic() - self.asked_at > ASK_SECONDS)

    @property
    def is_up(self) -> bool:
        """Whether the link is set up and the broker accepts messages."""
        return self.open_channel is not None and not self.blocked

    @property
    def channel(self) -> Any:
        """The channel to publish on. `BrokerDown` without one."""
        if self.open_channel is None or self.blocked:
            raise BrokerDown("no connection to the broker")
        return self.open_channel

    def start(self) -> None:
        """Start to connect, without waiting for it."""
        if self.thread is None:
            self.thread = eventlet.spawn(self._keep)

    def stop(self) -> None:
        """Close the connection: regularly if the broker replies at once, else abruptly."""
        if self.stopping:
            return
        self.stopping = True
        if self.open_channel is not None:
            self._close_regularly()
        drop(self.transport, self.connection)
        if self.thread is not None:
            self.thread.kill()
        self._forget()

    def _close_regularly(self) -> None:
        """Ask the broker to close. The reading thread gets its reply."""
        try:
            if hasattr(self.connection, "send_method"):
                self.connection.send_method(spec.Connection.Close, "BsBB", (0, "", 0, 0))
                with eventlet.Timeout(POLITE_SECONDS, exception=False):
                    self.thread.wait()
        except BROKER_ERRORS:
            pass  # The link closes in either case.

    def _keep(self) -> None:
        failures = 0
        while not self.stopping:
            try:
                self._open()
                failures = 0
                while True:
                    self.transport.drain_events(self.connection)
            except (Exception, eventlet.Timeout) as error:  # noqa: BLE001  every loss has the same cure
                self._report(error, failures)
            drop(self.transport, self.connection)
            self._forget()
            eventlet.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            failures += 1

    def _open(self) -> None:
        # Kombu's own `connect` would reconnect by itself later, without our set-up.
        client = connection_to(self.url)
        if not self.url.startswith("embedded:"):
            blocked, unblocked = partial(self._set_blocked, "blocked"), partial(self._set_blocked, "unblocked")
            client.transport_options = {"on_blocked": blocked, "on_unblocked": unblocked}
        self.transport = client.transport
        with eventlet.Timeout(SET_UP_SECONDS):
            self.connection = self.transport.establish_connection()
            channel = self.transport.create_channel(self.connection)
            self.set_up(channel)
        self.open_channel, self.blocked, self.asked_at = channel, False, 0.0
        self.tell("up", "")
        eventlet.spawn(self._watch, self.connection)
        eventlet.spawn(self._ask, self.connection, channel)

    def _set_blocked(self, state: str, *_reason: object) -> None:
        self.blocked = state == "blocked"
        self.tell(state, "")

    def _watch(self, connection: Any) -> None:
        """Send heartbeats, and drop the connection when the broker sends none."""
        while True:
            eventlet.sleep(HEARTBEAT_SECONDS / 4)
            if self.connection is not connection or self.stopping:
                return
            try:
                self.transport.heartbeat_check(connection)
            except Exception:  # noqa: BLE001  a missed heartbeat or a broken socket
                self._hang_up(connection)
                return

    def _ask(self, connection: Any, channel: Any) -> None:
        """Send a cheap request again and again, and note whether the broker sends anything."""
        while hasattr(connection, "bytes_recv"):
            eventlet.sleep(ASK_SECONDS / 2)
            if self.connection is not connection or self.stopping:
                return
            if connection.bytes_recv != self.heard:
                self.asked_at = 0.0
            if self.asked_at == 0.0:
                self.heard, self.asked_at = connection.bytes_recv, monotonic()
                with suppress(*BROKER_ERRORS):
                    # The reading thread gets the reply. The request changes later consumers only, and there are none.
                    channel.send_method(spec.Basic.Qos, "lBb", (0, 0, False))

    def _hang_up(self, connection: Any) -> None:
        """Shut the socket down, which wakes the reading thread. A closed socket would never wake it."""
        transport: Any = getattr(connection, "_transport", None)
        if hasattr(transport, "drop"):
            transport.drop()
        elif getattr(transport, "sock", None) is not None:
            with suppress(OSError):
                transport.sock.shutdown(SHUT_RDWR)
        else:
            drop(self.transport, connection)

    def _report(self, error: BaseException, failures: int) -> None:
        if self.stopping or failures not in (0, 10):
            return
        if isinstance(error, ChannelError):
            # The text names the queue or exchange, and contains nothing of a message.
            self.tell("refused", f"{error.reply_text} ({error.method})")
        else:
            self.tell("down", type(error).__name__)

    def _forget(self) -> None:
        was_up = self.open_channel is not None
        self.connection = self.open_channel = None
        if was_up:
            self.lost()
