"""Reading from many queues over one link. An unreadable queue does not stop the others.

RabbitMQ closes the channel when it refuses a consumer. It closes the connection when a quorum queue has no leader. The
reader leaves out such a queue, and the link reconnects for the others. Each queue left out is retried alone over a
temporary connection, with growing delays. When a retry succeeds, the queue joins the others without a new
connection.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from typing import Any

import eventlet
from amqp import spec
from amqp.exceptions import ChannelError, InternalError
from eventlet.semaphore import Semaphore

from transports.links import BROKER_ERRORS, Link, connection_to, drop

ANSWER_SECONDS = 3.0
"""Limit for the broker to add a consumer."""
TRY_DELAYS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before each retry of a queue that is left out. The last delay repeats."""
TRY_SECONDS = 5.0
TRIES_AT_ONCE = 4
WAIT_SECONDS = 0.1


class Unanswered(Exception):
    """The broker did not add a consumer in time."""


@dataclass(frozen=True, slots=True)
class Source:
    """A queue to read from. `declare` declares it on a channel, `take` gets its messages."""

    queue: str
    prefetch: int
    declare: Callable[[Any], None]
    take: Callable[[Any], None]


class Reader:
    """The consumers of a link.

    `tell(queue, state, error)` is called when a queue is `deleted`, `unread` because of an error, or `read` again.
    """

    def __init__(self, link: Link, name: str, tell: Callable[[str, str, str], None]) -> None:
        self.link, self.name, self.tell = link, name, tell
        self.sources: dict[str, Source] = {}
        self.tags: dict[str, str] = {}
        self.unread: dict[str, Any] = {}
        """The queues that are left out, each with the thread that retries it."""
        self.reported = set[str]()
        self.lost_at = ""
        self.turns = Semaphore(TRIES_AT_ONCE)
        self.stopping = False

    def read(self, sources: Iterable[Source]) -> None:
        """Add queues to read from. They are read after the next connect."""
        self.sources |= {source.queue: source for source in sources}

    def stop(self) -> None:
        """Take no more messages. Messages in progress can still be acknowledged."""
        if self.stopping:
            return
        self.stopping = True
        for thread in self.unread.values():
            thread.kill()
        with suppress(*BROKER_ERRORS):
            for tag in self.tags.values():
                self.link.open_channel.basic_cancel(tag, nowait=True)

    def set_up(self, channel: Any) -> None:
        """Declare all queues and consume from them. After an error, leave out this queue and the rest, and raise."""
        self.tags = {}
        sources = [source for source in self.sources.values() if source.queue not in self.unread]
        for number, source in enumerate(sources):
            try:
                with eventlet.Timeout(ANSWER_SECONDS, Unanswered):
                    source.declare(channel)
                    channel.basic_qos(0, source.prefetch, False)  # noqa: FBT003  AMQP's arguments: size, count, whole channel
                    self._consume(channel, source)
            except (ChannelError, InternalError, Unanswered) as error:
                self._leave_out(source, error, *sources[number + 1 :])
                raise
            except BROKER_ERRORS as error:
                if self.lost_at == source.queue:  # The second connection was lost at this queue.
                    self._leave_out(source, error, *sources[number + 1 :])
                self.lost_at = source.queue
                raise
        self.lost_at = ""

    def _consume(self, channel: Any, source: Source, *, nowait: bool = False) -> None:
        tag = self.tags[source.queue] = f"{self.name}-{list(self.sources).index(source.queue)}"
        take, gone = partial(self._take, channel, source), partial(self._gone, source)
        channel.basic_consume(
            source.queue, no_ack=False, callback=take, consumer_tag=tag, on_cancel=gone, nowait=nowait
        )

    def _take(self, channel: Any, source: Source, raw: Any) -> None:
        message = channel.message_to_python(raw)
        if not self.stopping:
            source.take(message)
            return
        with suppress(*BROKER_ERRORS):
            message.requeue()

    def _gone(self, source: Source, _tag: str) -> None:
        """Handle a deleted queue, whose consumer the broker cancelled. Declare it again. Its messages are lost."""
        self.tags.pop(source.queue, None)
        self.reported.add(source.queue)
        self.tell(source.queue, "deleted", "")
        self._try_alone(source, TRY_DELAYS)

    def _leave_out(self, source: Source, error: Exception, *untried: Source) -> None:
        self._try_alone(source, TRY_DELAYS[1:])
        self._report(source, error)
        for other in untried:
            self._try_alone(other, TRY_DELAYS)

    def _try_alone(self, source: Source, delays: tuple[float, ...]) -> None:
        if source.queue not in self.unread and not self.stopping:
            self.unread[source.queue] = eventlet.spawn(self._heal, source, delays)

    def _heal(self, source: Source, delays: tuple[float, ...]) -> None:
        for delay in chain(delays, repeat(delays[-1])):
            eventlet.sleep(delay)
            self._wait_for_link()
            with self.turns:
                if self._try(source):
                    break
        self._wait_for_link()
        self._join(source)

    def _wait_for_link(self) -> None:
        while not self.link.is_up:
            eventlet.sleep(WAIT_SECONDS)

    def _join(self, source: Source) -> None:
        """Consume over the link. Only the thread of the link reads replies, so this must not wait for any."""
        del self.unread[source.queue]
        channel = self.link.open_channel
        with suppress(*BROKER_ERRORS):
            if hasattr(channel, "send_method"):
                channel.send_method(spec.Basic.Qos, "lBb", (0, source.prefetch, False))
            else:
                channel.basic_qos(0, source.prefetch, False)  # noqa: FBT003  AMQP's arguments: size, count, whole channel
            self._consume(channel, source, nowait=True)
        if source.queue in self.reported:
            self.reported.discard(source.queue)
            self.tell(source.queue, "read", "")

    def _try(self, source: Source) -> bool:
        """Declare a queue and consume from it briefly, over a temporary connection. Return whether that succeeded."""
        transport, connection = connection_to(self.link.url).transport, None
        try:
            with eventlet.Timeout(TRY_SECONDS, Unanswered):
                connection = transport.establish_connection()
                channel = transport.create_channel(connection)
                source.declare(channel)
                channel.basic_qos(0, 1, False)  # noqa: FBT003  AMQP's arguments: size, count, whole channel
                channel.basic_consume(source.queue, no_ack=False, callback=_leave, consumer_tag="try")
                channel.basic_cancel("try")
                transport.close_connection(connection)  # A regular close returns a received message before we consume.
        except Exception as error:  # noqa: BLE001  after any error the queue is unreadable
            if connection is not None:
                self._report(source, error)
            return False
        else:
            return True
        finally:
            drop(transport, connection)

    def _report(self, source: Source, error: Exception) -> None:
        if source.queue not in self.reported:
            self.reported.add(source.queue)
            words = f"{error.reply_text} ({error.method})" if isinstance(error, ChannelError) else type(error).__name__
            self.tell(source.queue, "unread", words)


def _leave(_message: Any) -> None:
    """Leave the message unacknowledged: it returns to the queue when the connection closes."""
