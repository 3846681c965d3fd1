"""Connections to the broker that are kept open: each is a link with a thread of its own that reads, and connects again.

A service has three: one consumes, one sends replies (never confirmed, so that a request cannot wait for the broker), one
sends events with confirms. They are apart because RabbitMQ stops reading from a connection that publishes while it is
short of memory, and acknowledgements must get through then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import eventlet
import kombu
from amqp import spec
from amqp.exceptions import AMQPError
from eventlet.event import Event
from kombu.exceptions import KombuError

from chassis.errors import Unavailable
from chassis.observe import BROKER_UP, log

HEARTBEAT_SECONDS = 10
CONNECT_SECONDS = 5
SET_UP_SECONDS = 10
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
CONFIRM_SECONDS = 10.0
POLITE_SECONDS = 0.5
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

    def send(self, channel: Any, *, mandatory: bool = False) -> None:  # noqa: ANN401  kombu has no types
        """Publish on a channel."""
        message = channel.prepare_message(
            self.body,
            content_type="application/json",
            content_encoding="utf-8",
            headers=self.headers,
            properties=self.properties,
        )
        channel.basic_publish(message, exchange=self.exchange, routing_key=self.routing_key, mandatory=mandatory)


def connection_to(url: str) -> kombu.Connection:
    """A connection that is not open yet. `embedded://name` stays in the process."""
    if url.startswith("embedded:"):
        return kombu.Connection(url, transport="transports.embedded:Transport")
    return kombu.Connection(
        url, transport="transports.wire:Transport", heartbeat=HEARTBEAT_SECONDS, connect_timeout=CONNECT_SECONDS
    )


def down() -> Unavailable:
    """The refusal while there is no connection."""
    return Unavailable("broker_down", "The message broker cannot be reached.", {"retry_after": 2})


class Link:
    """One connection with one channel. `set_up(channel)` runs after every connect, `lost()` after every loss."""

    def __init__(
        self, url: str, owner: str, name: str, set_up: Callable[[Any], None], lost: Callable[[], None] = lambda: None
    ) -> None:
        self.url, self.owner, self.name = url, owner, name
        self.set_up, self.lost = set_up, lost
        self.transport: Any = None
        self.connection: Any = None
        self.open_channel: Any = None
        self.blocked = False
        self.stopping = False
        self.gauge = BROKER_UP.labels(owner, name)
        self.thread: Any = None

    @property
    def is_up(self) -> bool:
        """Whether the link is set up and the broker takes messages."""
        return self.open_channel is not None and not self.blocked

    @property
    def channel(self) -> Any:  # noqa: ANN401  kombu has no types
        """The channel to publish on; `Unavailable` while there is none."""
        if self.open_channel is None or self.blocked:
            raise down()
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
                while not self.stopping:
                    self.transport.drain_events(self.connection)
            except (Exception, eventlet.Timeout) as error:  # noqa: BLE001  whatever broke it, the cure is the same
                self._report(error, failures)
            self._drop(self.connection)
            self._forget()
            if self.stopping:
                return
            eventlet.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            failures += 1

    def _open(self) -> None:
        # Not through kombu's own `connect`: it connects again by itself, without our set-up, whenever it is used later.
        client = connection_to(self.url)
        if not self.url.startswith("embedded:"):
            blocked, unblocked = partial(self._set_blocked, True), partial(self._set_blocked, False)
            client.transport_options = {"on_blocked": blocked, "on_unblocked": unblocked}
        self.transport = client.transport
        with eventlet.Timeout(SET_UP_SECONDS):
            self.connection = self.transport.establish_connection()
            channel = self.transport.create_channel(self.connection)
            self.set_up(channel)
        self.open_channel, self.blocked = channel, False
        self.gauge.set(1)
        eventlet.spawn(self._watch, self.connection)

    def _set_blocked(self, blocked: bool, *_reason: object) -> None:  # noqa: FBT001
        self.blocked = blocked
        log.warning("broker blocks" if blocked else "broker takes messages again", service=self.owner, link=self.name)

    def _watch(self, connection: Any) -> None:  # noqa: ANN401
        """Send heartbeats, and drop the connection when the broker's stay away."""
        while True:
            eventlet.sleep(HEARTBEAT_SECONDS / 4)
            if self.connection is not connection or self.stopping:
                return
            try:
                self.transport.heartbeat_check(connection)
            except Exception:  # noqa: BLE001  a missed heartbeat and a broken socket alike
                self._drop(connection)
                return

    def _report(self, error: BaseException, failures: int) -> None:
        if not self.stopping and failures in (0, 10):
            log.warning("broker lost", service=self.owner, link=self.name, error=type(error).__name__)

    def _drop(self, connection: Any) -> None:  # noqa: ANN401
        """End the socket without a word: a polite close would wait for a broker that may be frozen."""
        socket = getattr(connection, "_transport", None)
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
        self.gauge.set(0)
        if was_up:
            self.lost()


class Batch:
    """Messages that wait for their confirms."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.done = Event()

    def confirm(self) -> None:
        """One more is safe with the broker."""
        self.left -= 1
        if self.left == 0 and not self.done.ready():
            self.done.send(True)

    def fail(self) -> None:
        """The broker refused one, or the link was lost."""
        if not self.done.ready():
            self.done.send(False)


class ConfirmedPublisher:
    """Publishes with confirms, many messages in flight at once."""

    def __init__(self, url: str, owner: str, set_up: Callable[[Any], None]) -> None:
        self.link = Link(url, owner, "events", partial(self._set_up, set_up), self._lost)
        self.confirms = not url.startswith("embedded:")
        self.last_tag = 0
        self.waiting: dict[int, Batch] = {}

    def _set_up(self, declare: Callable[[Any], None], channel: Any) -> None:  # noqa: ANN401
        declare(channel)
        self.last_tag = 0
        if self.confirms:
            channel.confirm_select()
            channel.events["basic_ack"].add(self._acked)
            channel.events["basic_nack"].add(self._nacked)

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish all and return when the broker has them; else `Unavailable`, and some of them may have got there."""
        channel, batch = self.link.channel, Batch(len(messages))
        if not messages:
            return
        try:
            for message in messages:
                self.last_tag += 1
                self.waiting[self.last_tag] = batch
                message.send(channel)
        except BROKER_ERRORS:
            raise down() from None
        if self.confirms:
            self._wait_for(batch)

    def _wait_for(self, batch: Batch) -> None:
        with eventlet.Timeout(CONFIRM_SECONDS, exception=False):
            if batch.done.wait():
                return
        raise down()

    def _take(self, tag: int, multiple: bool) -> list[Batch]:  # noqa: FBT001  AMQP's own flag
        tags = [known for known in self.waiting if known <= tag] if multiple else [tag]
        return [batch for known in tags if (batch := self.waiting.pop(known, None)) is not None]

    def _acked(self, tag: int, multiple: bool) -> None:  # noqa: FBT001
        for batch in self._take(tag, multiple):
            batch.confirm()

    def _nacked(self, tag: int, multiple: bool) -> None:  # noqa: FBT001
        for batch in self._take(tag, multiple):
            batch.fail()

    def _lost(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for batch in waiting.values():
            batch.fail()
