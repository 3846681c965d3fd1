"""Connections to a broker that are kept open: each a link, with a thread of its own that reads and connects again."""

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
"""How often a broker is asked for a sign of life, and how long it has to give one before it does not answer."""


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
    needs_queue: bool = False
    """That no queue takes it must not go unnoticed."""

    def send(self, channel: Any, *, mandatory: bool = False, account: str = "") -> None:
        """Publish on a channel, with the account for the broker to vouch for."""
        message = channel.prepare_message(
            self.body,
            content_type="application/json",
            content_encoding="utf-8",
            headers=self.headers,
            properties=signed(self.properties, account),
        )
        channel.basic_publish(message, exchange=self.exchange, routing_key=self.routing_key, mandatory=mandatory)


def connection_to(url: str) -> Connection:
    """A connection that is not open yet. `embedded://name` stays in the process; `amqps:` is TLS, and verified.

    The broker's certificate is checked by the machine's authorities, or by those in the file `?ssl_ca_certs=` of the
    URL; a certificate of ours is in the files `ssl_certfile` and `ssl_keyfile`.
    """
    if url.startswith("embedded:"):
        return Connection(url, transport="transports.embedded:Transport")  # type: ignore[no-untyped-call]  # kombu has no types
    connection: Connection = Connection(  # type: ignore[no-untyped-call]  # kombu has no types
        url, transport="transports.wire:Transport", heartbeat=HEARTBEAT_SECONDS, connect_timeout=CONNECT_SECONDS
    )
    if url.startswith("amqps:"):
        connection.ssl = connection.ssl or True  # Kombu knows it by the transport's name alone, and would go without.
    return connection


def drop(transport: Any, connection: Any) -> None:
    """End a connection's socket without a word: a polite close would wait for a broker that may be frozen."""
    socket: Any = getattr(connection, "_transport", None)
    try:
        if hasattr(socket, "drop"):
            socket.drop()
        if hasattr(connection, "collect"):
            connection.collect()
        elif connection is not None:
            transport.close_connection(connection)
    except Exception:  # noqa: BLE001, S110  it is gone already
        pass


class Link:
    """One connection with one channel.

    `set_up(channel)` runs after every connect, `lost()` after every loss; `tell(event, error)` hears `up`, `down`,
    `refused`, `blocked` and `unblocked`, and the class of the error that there was, or the broker's words of refusal.
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
        """When the broker was asked for the sign of life that it has not given yet; 0 when it owes none."""
        self.heard = 0

    @property
    def answers(self) -> bool:
        """Whether the link is up, and the broker behind it not frozen."""
        return self.is_up and not (self.asked_at and monotonic() - self.asked_at > ASK_SECONDS)

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
        drop(self.transport, self.connection)
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
            drop(self.transport, self.connection)
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
        self.open_channel, self.blocked, self.asked_at = channel, False, 0.0
        self.tell("up", "")
        eventlet.spawn(self._watch, self.connection)
        eventlet.spawn(self._ask, self.connection, channel)

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

    def _ask(self, connection: Any, channel: Any) -> None:
        """Ask again and again for what costs the broker nothing, and note whether anything at all came back."""
        while hasattr(connection, "bytes_recv"):
            eventlet.sleep(ASK_SECONDS / 2)
            if self.connection is not connection or self.stopping:
                return
            if connection.bytes_recv != self.heard:
                self.asked_at = 0.0
            if self.asked_at == 0.0:
                self.heard, self.asked_at = connection.bytes_recv, monotonic()
                with suppress(*BROKER_ERRORS):
                    # The answer is heard by the reading thread. It concerns later consumers only, and there are none.
                    channel.send_method(spec.Basic.Qos, "lBb", (0, 0, False))

    def _hang_up(self, connection: Any) -> None:
        """End the socket and leave the rest to the reading thread, which a socket that is closed would never wake."""
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
            # The text names the thing that was asked for, and nothing of any message.
            self.tell("refused", f"{error.reply_text} ({error.method})")
        else:
            self.tell("down", type(error).__name__)

    def _forget(self) -> None:
        was_up = self.open_channel is not None
        self.connection = self.open_channel = None
        if was_up:
            self.lost()
