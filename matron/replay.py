"""Sending a service's events again to one consumer, so that what it keeps of them can be rebuilt.

The rows of the outbox are the events for ever. They go to the consumer's queue alone, as the relay sent them, so nobody
else hears them twice. Consumers do an event once: those that they have had pass without effect, unless their claims are
forgotten first.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import UUID

import eventlet
from sqlalchemy import ColumnElement, Row, delete, func, select

from chassis.broker import down
from chassis.config import SERVICES
from chassis.database import Database
from chassis.errors import Invalid, NotFound
from chassis.event import Event, events_of
from chassis.outbox import message_of
from chassis.tables import inbox, outbox
from chassis.topology import declare_event_queue
from matron.place import Place
from matron.screen import Watch
from transports.confirms import ConfirmedPublisher
from transports.links import BrokerDown

BATCH = 200
CONNECT_SECONDS = 10.0
PARTNER = "partner."
"""How the names of other systems' queues begin."""


def events_by_name() -> dict[str, type[Event]]:
    """All events that services say."""
    for service in SERVICES:
        import_module(f"contracts.{service}")
    return {event.event_name(): event for event in events_of()}


def event_of(service: str, handler: str, name: str | None) -> type[Event]:
    """The service's event that the handler hears, or a public one for another system's queue. Invalid: `not_heard`."""
    if handler.startswith(PARTNER):
        return _public(service, name)
    for event in events_by_name().values():
        if event.service == service and handler in event.heard_by and name in (None, event.event_name()):
            return event
    said = f"the event {name}" if name else "an event"
    raise Invalid("not_heard", f"{handler} does not hear {said} of {service}: no such event names it in heard_by.")


def _public(service: str, name: str | None) -> type[Event]:
    event = events_by_name().get(name or "")
    if event is None or event.service != service or event.internal:
        raise Invalid("not_heard", f"Say with --name which public event of {service} another system is to hear again.")
    return event


@dataclass(frozen=True)
class Replay:
    """Events of one name from [since, until), for one handler, `service.on_event`, or another system's queue."""

    event: type[Event]
    handler: str
    since: datetime
    until: datetime | None = None

    @property
    def queue(self) -> str:
        """The handler's queue."""
        return self.handler if self.handler.startswith(PARTNER) else self.event.queue_of(self.handler)

    def prepare(self, channel: Any) -> None:
        """Declare the handler's queue; another system's own must be there."""
        if self.handler.startswith(PARTNER):
            channel.queue_declare(queue=self.queue, passive=True)
        else:
            declare_event_queue(channel, self.event, self.handler)

    def _wanted(self) -> list[ColumnElement[bool]]:
        # What has no sequence yet has not been sent for the first time; the relay will.
        wanted = [
            outbox.c.name == self.event.event_name(),
            outbox.c.internal == self.event.internal,
            outbox.c.sequence.is_not(None),
            outbox.c.occurred_at >= self.since,
        ]
        return wanted if self.until is None else [*wanted, outbox.c.occurred_at < self.until]

    def count(self, source: Database) -> int:
        """How many there are."""
        with source.autocommit() as connection:
            return connection.execute(select(func.count()).select_from(outbox).where(*self._wanted())).scalar_one()

    def batches(self, source: Database) -> Iterator[Sequence[Row[Any]]]:
        """Their rows, in the order in which they were sent."""
        query, last = select(outbox).where(*self._wanted()).order_by(outbox.c.sequence).limit(BATCH), 0
        while True:
            with source.autocommit() as connection:
                rows = connection.execute(query.where(outbox.c.sequence > last)).all()
            if not rows:
                return
            yield rows
            last = rows[-1].sequence


def send(place: Place, wanted: Replay, *, again: bool, watch: Watch) -> int:
    """Send the events; how many. With `again`, the handler's claims are forgotten, each batch's before it is sent."""
    if again and wanted.handler.startswith(PARTNER):
        raise Invalid("not_heard", "What another system has done is not forgotten here: leave --again out.")
    consumer_url = place.database_url(wanted.handler.partition(".")[0]) if again else None
    with ExitStack() as stack:
        source = stack.enter_context(closing(Database(place.database_url(wanted.event.service))))
        consumer = stack.enter_context(closing(Database(consumer_url))) if consumer_url else None
        publisher = stack.enter_context(_publisher(stack.enter_context(place.broker()), wanted))
        advance = stack.enter_context(watch(wanted.count(source)))
        sent = 0
        for rows in wanted.batches(source):
            if consumer is not None:
                forget(consumer, wanted.handler, [row.event_id for row in rows])
            publisher.publish([message_of(wanted.event.service, row, exchange="", key=wanted.queue) for row in rows])
            sent += len(rows)
            advance(len(rows))
    return sent


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
                    raise NotFound("not_found", f"The broker refuses: {told['refused']}.")
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
