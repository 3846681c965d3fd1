"""A client's connection to the broker, with the arrivals that wait for the client."""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, NamedTuple

import eventlet
from amqp import exceptions as amqp
from eventlet.event import Event

from transports.embedded.model import Consumer, Receiver
from transports.embedded.server import Broker

TURN = 32  # steps of a connection before other green threads get a turn


class Arrival(NamedTuple):
    """An item for `drain_events`: a message for a consumer, or a notice for the channel."""

    channel: Receiver
    callback: Callable[[Any], object]
    content: Any
    consumer: Consumer | None = None


class Connection:
    """A client's connection: its channels, and the arrivals for them."""

    def __init__(
        self,
        broker: Broker,
        client: Any,
        account: str,
        *,
        confirms: bool,
        new_channel: Callable[["Connection"], Receiver],
    ) -> None:
        self.broker = broker
        self.account = account
        self.client = client
        self.confirms = confirms
        self.new_channel = new_channel
        self.channels: list[Receiver] = []
        self.arrivals: deque[Arrival] = deque()
        self.error: Exception | None = None
        self._news = Event()
        self._turns = 0
        broker.connections.append(self)

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        return self.error is None

    def check(self) -> None:
        """Raise the error that closed the connection, if it is closed."""
        if self.error is not None:
            raise self.error

    def channel(self) -> Receiver:
        """Open a channel."""
        self.check()
        return self.new_channel(self)

    def push(
        self, channel: Receiver, callback: Callable[[Any], object], content: Any, consumer: Consumer | None = None
    ) -> None:
        """Add an arrival, and wake the thread that waits for it."""
        self.arrivals.append(Arrival(channel, callback, content, consumer))
        self._wake()

    def _wake(self) -> None:
        if not self._news.ready():
            self._news.send("news")

    def drain_events(self, timeout: float | None = None) -> None:
        """Wait for an arrival and handle it. TimeoutError after `timeout` seconds."""
        self.take_turn()
        deadline = None if timeout is None else monotonic() + timeout
        while not self.arrivals:
            self.check()
            if self._news.ready():
                self._news = Event()
            left = None if deadline is None else max(0.0, deadline - monotonic())
            if self._news.wait(left) is None:
                raise TimeoutError("timed out")
        arrival = self.arrivals.popleft()
        arrival.callback(arrival.content)

    def take_turn(self) -> None:
        """Yield to other green threads from time to time, since a busy connection never waits."""
        self._turns += 1
        if self._turns % TURN == 0:
            eventlet.sleep(0)

    def close(self, error: Exception | None = None) -> None:
        """Close: requeue unacknowledged messages, delete exclusive queues. Later calls raise `error`."""
        if self.error is not None:
            return
        for channel in self.channels:
            channel.leave()  # first all, so that no message returns to a consumer that is about to stop
        for channel in list(self.channels):
            channel.close()
        for queue in [queue for queue in self.broker.queues.values() if queue.owner is self]:
            self.broker.remove(queue)
        self.broker.commit()
        self.broker.connections.remove(self)
        self.error = error or amqp.RecoverableConnectionError("connection already closed")
        self.arrivals.clear()
        self._wake()
