"""Sending a service's events again to one consumer, so that what it keeps of them can be rebuilt.

The rows of the outbox are the events for ever. They go to the consumer's queue alone, as the relay sent them, so nobody
else hears them twice. Consumers do an event once: those that they have had pass without effect, unless their claims are
forgotten first.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import UUID

import eventlet
from sqlalchemy import ColumnElement, Row, delete, func, select

from chassis.broker import ConfirmedPublisher, down
from chassis.config import SERVICES
from chassis.contract import Event, events_of
from chassis.database import Database
from chassis.errors import Invalid
from chassis.outbox import message_of
from chassis.tables import inbox, outbox
from chassis.topology import declare_event_queue
from matron.place import Place

BATCH = 200
CONNECT_SECONDS = 10.0


def events_by_name() -> dict[str, type[Event]]:
    """All events that services say."""
    for service in SERVICES:
        import_module(f"contracts.{service}")
    return {event.event_name(): event for event in events_of()}


def event_of(service: str, handler: str, name: str | None) -> type[Event]:
    """The service's event that the handler hears. Invalid: `not_heard`."""
    for event in events_by_name().values():
        if event.service == service and handler in event.heard_by and name in (None, event.event_name()):
            return event
    said = f"the event {name}" if name else "an event"
    raise Invalid("not_heard", f"{handler} does not hear {said} of {service}: no such event names it in heard_by.")


@dataclass(frozen=True)
class Replay:
    """Events of one name from [since, until), for one handler, `service.on_event`."""

    event: type[Event]
    handler: str
    since: datetime
    until: datetime | None = None

    @property
    def queue(self) -> str:
        """The handler's queue."""
        return self.event.queue_of(self.handler)

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

    def run(self, url: str, source: Database, consumer: Database | None, advance: Callable[[int], None]) -> int:
        """Send them; how many. With the consumer's database, each batch's claims are forgotten before it is sent."""
        sent = 0
        with self._publisher(url) as publisher:
            for rows in self.batches(source):
                if consumer is not None:
                    forget(consumer, self.handler, [row.event_id for row in rows])
                publisher.publish([message_of(self.event.service, row, exchange="", key=self.queue) for row in rows])
                sent += len(rows)
                advance(len(rows))
        return sent

    @contextmanager
    def _publisher(self, url: str) -> Iterator[ConfirmedPublisher]:
        """A publisher that is connected, after the consumer's queue has been declared. Unavailable: `broker_down`."""
        publisher = ConfirmedPublisher(url, "replay", lambda channel: declare_event_queue(channel, self.event, self.handler))
        publisher.link.start()
        try:
            with eventlet.Timeout(CONNECT_SECONDS, down()):
                while not publisher.link.is_up:
                    eventlet.sleep(0.02)
            yield publisher
        finally:
            publisher.link.stop()


def forget(consumer: Database, handler: str, event_ids: Sequence[UUID]) -> None:
    """Let a handler do these events again."""
    with consumer.begin() as session:
        session.execute(delete(inbox).where(inbox.c.handler == handler, inbox.c.event_id.in_(event_ids)))


@contextmanager
def prepared(place: Place, wanted: Replay, *, again: bool) -> Iterator[tuple[int, Callable[[Callable[[int], None]], int]]]:
    """How many events there are, and the function that sends them; with `again`, those too that were done before."""
    observe.set_up_logging("ERROR")
    urls = [place.database_url(wanted.event.service)]
    urls += [place.database_url(wanted.handler.partition(".")[0])] if again else []
    databases = [Database(url) for url in urls]
    try:
        with place.broker() as url:
            consumer = databases[1] if again else None
            yield wanted.count(databases[0]), lambda advance: wanted.run(url, databases[0], consumer, advance)
    finally:
        for database in databases:
            database.close()
