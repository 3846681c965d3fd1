"""Replay: send events of a service to one consumer again, so that it can rebuild its copies or fill a gap.

The outbox keeps the events with their sequence numbers. Each service counts public and internal events separately, so
a gap that another system sees is a plain range of numbers. The events go to the queue of the consumer only, in the form
that the relay sent. A consumer ignores events that it has handled, unless its claims are deleted first.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import ge, le, lt
from typing import Any, NamedTuple
from uuid import UUID

import eventlet
from sqlalchemy import ColumnElement, Row, delete, func, select

import contracts
from chassis.config import SERVICES
from chassis.event import Event, events_of
from chassis.messaging.broker import down
from chassis.messaging.outbox import message_of
from chassis.messaging.topology import declare_event_queue
from chassis.persistence.database import Database
from chassis.persistence.tables import inbox, outbox
from chassis.refusals import NOT_FOUND
from matron.checks import opened
from matron.installation import Installation
from matron.refusals import NOT_HEARD, WRONG_ACCOUNT
from matron.screen import Watch
from transports.confirms import ConfirmedPublisher
from transports.declarations import Sparing
from transports.links import BrokerDown
from transports.senders import account_of

BATCH = 200
CONNECT_SECONDS = 10.0
PARTNER = "partner."
"""Prefix of the queues of other systems."""


def events_by_name() -> dict[str, type[Event]]:
    """All events of all services, by name."""
    for service in SERVICES:
        contracts.load(service)
    return {event.event_name(): event for event in events_of()}


def events_for(service: str, handler: str, names: Collection[str] = ()) -> tuple[type[Event], ...]:
    """The events of a service that a handler receives; for another system's queue, all public ones.

    `names` selects some of them. Invalid: `not_heard`, also if one of `names` is not among them.
    """
    own = [event for event in events_by_name().values() if event.service == service]
    hears = [event for event in own if (not event.internal if is_partner(handler) else handler in event.heard_by)]
    found = {event.event_name(): event for event in hears if not names or event.event_name() in names}
    if found and found.keys() >= set(names):
        return tuple(found.values())
    missing = ", ".join(sorted(set(names) - found.keys())) or "any event"
    if is_partner(handler):
        raise NOT_HEARD(f"Another system does not receive {missing} of {service}: it gets public events only.")
    raise NOT_HEARD(f"{handler} does not receive {missing} of {service}: `heard_by` of no such event names it.")


def is_partner(handler: str) -> bool:
    """Whether the receiver is the queue of another system."""
    return handler.startswith(PARTNER)


@dataclass(frozen=True)
class Span:
    """A range of times, [since, until), and of `ce-sequence`, [first, last]. None means no limit."""

    since: datetime | None = None
    until: datetime | None = None
    first: int | None = None
    last: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions of the query on the outbox."""
        at, number = outbox.c.occurred_at, outbox.c.sequence
        bounds = ((at, ge, self.since), (at, lt, self.until), (number, ge, self.first), (number, le, self.last))
        return [compare(column, bound) for column, compare, bound in bounds if bound is not None]


class Sent(NamedTuple):
    """The number of sent events, and the number of requested sequence numbers without an event."""

    sent: int
    gone: int


@dataclass(frozen=True)
class Replay:
    """A request to send events of one service to a handler (`service.on_event`) or another system's queue.

    The events are all public or all internal.
    """

    events: tuple[type[Event], ...]
    handler: str
    span: Span

    @property
    def service(self) -> str:
        """The service that published the events."""
        return self.events[0].service

    @property
    def queue(self) -> str:
        """The queue of the receiver."""
        return self.handler if is_partner(self.handler) else self.events[0].queue_of(self.handler)

    def prepare(self, channel: Any) -> None:
        """Declare the queue of a handler, if it is missing. The queue of another system must exist."""
        if is_partner(self.handler):
            channel.queue_declare(queue=self.queue, passive=True)
        else:
            declare_event_queue(Sparing(channel, lambda _name: False), self.events[0], self.handler)

    def check(self, account: str) -> None:
        """Refuse an account whose messages the handler would refuse. Invalid: `wrong_account`."""
        receiver = self.handler.partition(".")[0]
        if account in {*SERVICES, "gateway"} - {self.service, receiver} and not is_partner(self.handler):
            text = (
                f"{self.handler} accepts this from {self.service} and {receiver} only, not from the account {account}."
            )
            raise WRONG_ACCOUNT(text)

    def _conditions(self, events: Iterable[type[Event]]) -> list[ColumnElement[bool]]:
        # The relay has not sent an event without a sequence yet. An event of an erased person has another name.
        return [
            outbox.c.name.in_([event.event_name() for event in events]),
            outbox.c.internal == self.events[0].internal,
            outbox.c.sequence.is_not(None),
            *self.span.conditions(),
        ]

    def count(self, source: Database) -> int:
        """The number of events to send."""
        return _count(source, self._conditions(self.events))

    def gone(self, source: Database) -> int:
        """The number of requested sequence numbers without an event: too old, erased, or not published yet."""
        if self.span.first is None or (self.span.since, self.span.until) != (None, None):
            return 0
        last = self.span.last
        if last is None:
            newest = select(func.max(outbox.c.sequence)).where(outbox.c.internal == self.events[0].internal)
            with source.autocommit() as connection:
                last = connection.execute(newest).scalar_one() or 0
        own = [event for event in events_by_name().values() if event.service == self.service]
        return max(last - self.span.first + 1 - _count(source, self._conditions(own)), 0)

    def batches(self, source: Database) -> Iterator[Sequence[Row[Any]]]:
        """The rows of the events, in batches, in the order of `ce-sequence`."""
        query = select(outbox).where(*self._conditions(self.events)).order_by(outbox.c.sequence).limit(BATCH)
        last = 0
        while True:
            with source.autocommit() as connection:
                rows = connection.execute(query.where(outbox.c.sequence > last)).all()
            if not rows:
                return
            yield rows
            last = rows[-1].sequence


def _count(source: Database, conditions: Sequence[ColumnElement[bool]]) -> int:
    with source.autocommit() as connection:
        return connection.execute(select(func.count()).select_from(outbox).where(*conditions)).scalar_one()


def send(installation: Installation, wanted: Replay, *, again: bool, watch: Watch) -> Sent:
    """Send the events. With `again`, the claims of the handler are deleted first, batch by batch."""
    if again and is_partner(wanted.handler):
        raise NOT_HEARD("--again is for handlers only: Matron has no claims of another system.")
    consumer_name = wanted.handler.partition(".")[0]
    consumer_url = installation.database_url(consumer_name) if again else None
    with ExitStack() as stack:
        source = stack.enter_context(opened(wanted.service, installation.database_url(wanted.service)))
        consumer = stack.enter_context(opened(consumer_name, consumer_url)) if consumer_url else None
        url = stack.enter_context(installation.broker(wanted.service))
        wanted.check(account_of(url))
        publisher = stack.enter_context(_publisher(url, wanted))
        advance = stack.enter_context(watch(wanted.count(source)))
        sent, gone = 0, wanted.gone(source)
        for rows in wanted.batches(source):
            if consumer is not None:
                forget(consumer, wanted.handler, [row.event_id for row in rows])
            publisher.publish([message_of(wanted.service, row, exchange="", key=wanted.queue) for row in rows])
            sent += len(rows)
            advance(len(rows))
    return Sent(sent, gone)


@contextmanager
def _publisher(url: str, wanted: Replay) -> Iterator[ConfirmedPublisher]:
    """Connect a publisher. Unavailable: `broker_down`. NotFound: the queue does not exist."""
    states = dict[str, str]()
    publisher = ConfirmedPublisher(url, wanted.prepare, states.__setitem__)
    publisher.link.start()
    try:
        with eventlet.Timeout(CONNECT_SECONDS, down()):
            while not publisher.link.is_up:
                if "refused" in states:
                    raise NOT_FOUND(f"The broker refuses: {states['refused']}.")
                eventlet.sleep(0.02)
        yield publisher
    except BrokerDown:
        raise down() from None
    finally:
        publisher.link.stop()


def forget(consumer: Database, handler: str, event_ids: Sequence[UUID]) -> None:
    """Delete the claims of a handler, so that it handles these events again."""
    with consumer.begin() as session:
        session.execute(delete(inbox).where(inbox.c.handler == handler, inbox.c.event_id.in_(event_ids)))
