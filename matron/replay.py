"""Sending a service's events again to one consumer, so that what it keeps of them can be rebuilt.

The rows of the outbox are the events, with the numbers that they were sent with: per service, public and internal ones
apart, so that a gap which another system sees is a run of these numbers and nothing else. They go to the consumer's
queue alone, as the relay sent them, so nobody else hears them twice. Consumers do an event once: those that they have
had pass without effect, unless their claims are forgotten first.
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
from matron.place import Place
from matron.refusals import NOT_HEARD, WRONG_ACCOUNT
from matron.screen import Watch
from matron.trouble import opened
from transports.confirms import ConfirmedPublisher
from transports.declarations import Sparing
from transports.links import BrokerDown
from transports.senders import account_of

BATCH = 200
CONNECT_SECONDS = 10.0
PARTNER = "partner."
"""How the names of other systems' queues begin."""


def events_by_name() -> dict[str, type[Event]]:
    """All events that services say."""
    for service in SERVICES:
        contracts.load(service)
    return {event.event_name(): event for event in events_of()}


def events_for(service: str, handler: str, names: Collection[str] = ()) -> tuple[type[Event], ...]:
    """The service's event that the handler hears, or its public ones for another system's queue. Invalid: `not_heard`.

    With `names`, those of these names, each of which must be such an event.
    """
    own = [event for event in events_by_name().values() if event.service == service]
    hears = [event for event in own if (not event.internal if is_partner(handler) else handler in event.heard_by)]
    found = {event.event_name(): event for event in hears if not names or event.event_name() in names}
    if found and found.keys() >= set(names):
        return tuple(found.values())
    said = ", ".join(sorted(set(names) - found.keys())) or "any event"
    if is_partner(handler):
        raise NOT_HEARD(f"Another system does not hear {said} of {service}: only public events leave here.")
    raise NOT_HEARD(f"{handler} does not hear {said} of {service}: no such event names it in heard_by.")


def is_partner(handler: str) -> bool:
    """Whether it is another system's queue, not a handler of ours."""
    return handler.startswith(PARTNER)


@dataclass(frozen=True)
class Span:
    """When it happened, [since, until), and its `ce-sequence`, from `first` to `last`, both inclusive; None is open."""

    since: datetime | None = None
    until: datetime | None = None
    first: int | None = None
    last: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What the outbox is asked for."""
        at, number = outbox.c.occurred_at, outbox.c.sequence
        bounds = ((at, ge, self.since), (at, lt, self.until), (number, ge, self.first), (number, le, self.last))
        return [compare(column, bound) for column, compare, bound in bounds if bound is not None]


class Sent(NamedTuple):
    """How many events were sent, and how many of the numbers that were asked for are not there any more, or yet."""

    sent: int
    gone: int


@dataclass(frozen=True)
class Replay:
    """Events of one service and one audience, for one handler, `service.on_event`, or another system's queue."""

    events: tuple[type[Event], ...]
    handler: str
    span: Span

    @property
    def service(self) -> str:
        """Who said them."""
        return self.events[0].service

    @property
    def queue(self) -> str:
        """The handler's queue."""
        return self.handler if is_partner(self.handler) else self.events[0].queue_of(self.handler)

    def prepare(self, channel: Any) -> None:
        """Declare the handler's queue where it is missing; another system's own must be there."""
        if is_partner(self.handler):
            channel.queue_declare(queue=self.queue, passive=True)
        else:
            declare_event_queue(Sparing(channel, lambda _name: False), self.events[0], self.handler)

    def check(self, account: str) -> None:
        """Refuse an account whose events the handler would refuse. Invalid: `wrong_account`."""
        hearer = self.handler.partition(".")[0]
        if account in {*SERVICES, "gateway"} - {self.service, hearer} and not is_partner(self.handler):
            text = f"{self.handler} takes this from {self.service} and {hearer} only, not from the account {account}."
            raise WRONG_ACCOUNT(text)

    def _among(self, events: Iterable[type[Event]]) -> list[ColumnElement[bool]]:
        # What has no sequence yet has not been sent for the first time; the relay will. What was emptied for an erased
        # person is called otherwise.
        return [
            outbox.c.name.in_([event.event_name() for event in events]),
            outbox.c.internal == self.events[0].internal,
            outbox.c.sequence.is_not(None),
            *self.span.conditions(),
        ]

    def count(self, source: Database) -> int:
        """How many there are."""
        return _count(source, self._among(self.events))

    def gone(self, source: Database) -> int:
        """How many of the numbers, as far as such are asked for, no event has: too old, emptied, or not given yet."""
        if self.span.first is None or (self.span.since, self.span.until) != (None, None):
            return 0
        last = self.span.last
        if last is None:
            newest = select(func.max(outbox.c.sequence)).where(outbox.c.internal == self.events[0].internal)
            with source.autocommit() as connection:
                last = connection.execute(newest).scalar_one() or 0
        own = [event for event in events_by_name().values() if event.service == self.service]
        return max(last - self.span.first + 1 - _count(source, self._among(own)), 0)

    def batches(self, source: Database) -> Iterator[Sequence[Row[Any]]]:
        """Their rows, in the order in which they were sent."""
        query = select(outbox).where(*self._among(self.events)).order_by(outbox.c.sequence).limit(BATCH)
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


def send(place: Place, wanted: Replay, *, again: bool, watch: Watch) -> Sent:
    """Send the events. With `again`, the handler's claims are forgotten, each batch's before it is sent."""
    if again and is_partner(wanted.handler):
        raise NOT_HEARD("What another system has done is not forgotten here: leave --again out.")
    consumer_name = wanted.handler.partition(".")[0]
    consumer_url = place.database_url(consumer_name) if again else None
    with ExitStack() as stack:
        source = stack.enter_context(opened(wanted.service, place.database_url(wanted.service)))
        consumer = stack.enter_context(opened(consumer_name, consumer_url)) if consumer_url else None
        url = stack.enter_context(place.broker(wanted.service))
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
    """A publisher that is connected, when the queue is there. Unavailable: `broker_down`. NotFound: it is not there."""
    told = dict[str, str]()
    publisher = ConfirmedPublisher(url, wanted.prepare, told.__setitem__)
    publisher.link.start()
    try:
        with eventlet.Timeout(CONNECT_SECONDS, down()):
            while not publisher.link.is_up:
                if "refused" in told:
                    raise NOT_FOUND(f"The broker refuses: {told['refused']}.")
                eventlet.sleep(0.02)
        yield publisher
    except BrokerDown:
        raise down() from None
    finally:
        publisher.link.stop()


def forget(consumer: Database, handler: str, event_ids: Sequence[UUID]) -> None:
    """Let a handler do these events again."""
    with consumer.begin() as session:
        session.execute(delete(inbox).where(inbox.c.handler == handler, inbox.c.event_id.in_(event_ids)))
