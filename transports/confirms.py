"""Publish with confirms, many messages in flight (9,200 a second with 16 in flight, 1,700 one by one)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import eventlet
from eventlet.event import Event

from transports.links import BROKER_ERRORS, BrokerDown, Link, Outgoing
from transports.senders import account_of

CONFIRM_SECONDS = 10.0


class Batch:
    """Messages that wait for their confirms."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.done = Event()

    def confirm(self) -> None:
        """Count one confirmed message."""
        self.left -= 1
        if self.left == 0 and not self.done.ready():
            self.done.send(result=True)

    def fail(self) -> None:
        """Fail the batch: the broker refused a message, or the link was lost."""
        if not self.done.ready():
            self.done.send(result=False)


class ConfirmedPublisher:
    """Publishes with confirms, many messages in flight."""

    def __init__(
        self,
        url: str,
        set_up: Callable[[Any], None],
        tell: Callable[[str, str], None] = lambda _event, _error: None,
        *,
        keep_in: str = "",
        kept: Callable[[str], None] = lambda _routing_key: None,
    ) -> None:
        self.link = Link(url, partial(self._set_up, set_up), lost=self._lost, tell=tell)
        self.confirms, self.account = not url.startswith("embedded:"), account_of(url)
        self.keep_in, self.kept = keep_in, kept
        """The queue for messages with `needs_queue` that reached no queue. `kept` gets the routing key of each."""
        self.last_tag = 0
        self.waiting: dict[int, set[Batch]] = {}

    def _set_up(self, declare: Callable[[Any], None], channel: Any) -> None:
        declare(channel)
        self.last_tag = 0
        if self.confirms:
            channel.confirm_select()
            channel.events["basic_ack"].add(self._acked)
            channel.events["basic_nack"].add(self._nacked)
        channel.events["basic_return"].add(partial(self._returned, channel))

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish all messages and wait for their confirms. After `BrokerDown`, some may have reached the broker."""
        channel, batch = self.link.channel, Batch(len(messages))
        if not messages:
            return
        try:
            for message in messages:
                self.last_tag += 1
                self.waiting[self.last_tag] = {batch}
                mandatory = message.needs_queue and bool(self.keep_in)
                message.send(channel, mandatory=mandatory, account=self.account)
        except BROKER_ERRORS:
            raise BrokerDown("the broker did not accept all messages") from None
        if self.confirms:
            self._wait_for(batch)

    def _wait_for(self, batch: Batch) -> None:
        with eventlet.Timeout(CONFIRM_SECONDS, exception=False):
            if batch.done.wait():
                return
        raise BrokerDown("the broker did not confirm")

    def _take(self, tag: int, multiple: bool) -> list[Batch]:  # noqa: FBT001  AMQP's flag
        tags = [known for known in self.waiting if known <= tag] if multiple else [tag]
        return [batch for known in tags for batch in self.waiting.pop(known, ())]

    def _acked(self, tag: int, multiple: bool) -> None:  # noqa: FBT001  AMQP's flag
        for batch in self._take(tag, multiple):
            batch.confirm()

    def _nacked(self, tag: int, multiple: bool) -> None:  # noqa: FBT001  AMQP's flag
        for batch in self._take(tag, multiple):
            batch.fail()

    def _returned(self, channel: Any, _error: Any, _exchange: str, routing_key: str, message: Any) -> None:
        """Keep a message that reached no queue. It returns before its confirm: waiting batches wait for its copy."""
        self.last_tag += 1
        if self.confirms:
            batches = set().union(*self.waiting.values())
            for batch in batches:
                batch.left += 1
            self.waiting[self.last_tag] = batches
        channel.basic_publish(message, exchange="", routing_key=self.keep_in)
        self.kept(routing_key)

    def _lost(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for batch in set().union(*waiting.values()):
            batch.fail()
