"""Events leave through the outbox: a row in the transaction that made them true, then the relay publishes it.

After a commit, the relay of that process takes the database's advisory lock. It numbers the unsent rows, publishes
them in order with many confirms in flight, and marks them. The next relay that gets the lock sends the newer rows. So
one relay at a time works on a database, without an election.

Row numbers commit out of order, so a high-water mark over them would lose events. The relay first gives each new row a
sequence, in order, and commits the sequence, so that a second try sends the same rows. A high-water mark over sequences
is safe: one small row records the last sent sequence.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import eventlet
import orjson
from eventlet.event import Event as Signal
from sqlalchemy import Connection, Row, Select, bindparam, func, select, text, union_all, update
from sqlalchemy.exc import SQLAlchemyError
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import MatronError
from chassis.event import Event, Origin, events_of
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import outbox, relay
from telemetry.logs import log, log_unexpected
from telemetry.metrics import EVENTS_SENT
from transports import rows
from transports.confirms import ConfirmedPublisher
from transports.engines import ABANDONED_SECONDS
from transports.links import BROKER_ERRORS, Outgoing

BATCH = 200
CATCH_UP_SECONDS = 5.0
"""A timer's pace, for what a crash left between commit and publish."""
RETRY_SECONDS = 0.5
GATHER_SECONDS = 0.05
"""The pause between two batches, so that several commits go together. The first event after a while does not wait."""
IDLE = "idle_session_timeout"
LOCK = 7_305_816_172
"""The advisory lock of the relay; each service has a database of its own."""

NUMBER = text(
    """
    UPDATE outbox SET sequence = fresh.number FROM (
        SELECT o.position AS position, row_number() OVER (PARTITION BY o.internal ORDER BY o.position)
            + coalesce((SELECT max(m.sequence) FROM outbox m WHERE m.internal = o.internal), 0) AS number
        FROM outbox o WHERE o.sequence IS NULL ORDER BY o.position LIMIT :batch
    ) AS fresh
    WHERE outbox.position = fresh.position
    """
)


def _unsent(internal: bool) -> Select[*tuple[Any, ...]]:  # noqa: FBT001  the audience, as the column has it
    """Those of one audience: by index from where it has got to, however many have been sent."""
    through = select(relay.c.sent_through).where(relay.c.internal == internal).scalar_subquery()
    query = select(outbox, (outbox.c.sequence - through).label("rank"))
    query = query.where(outbox.c.internal == internal, outbox.c.sequence > through)
    return select(query.order_by(outbox.c.sequence).limit(bindparam("batch")).subquery())


PENDING = union_all(_unsent(internal=False), _unsent(internal=True)).order_by("rank").limit(bindparam("batch"))
MARK = update(relay).where(relay.c.internal == bindparam("audience")).values(sent_through=bindparam("through"))


def rows_of(session: Session) -> list[rows.Row]:
    """The outbox rows of what a session has published."""
    moment = clock.now()
    return [(outbox, _row(event, session.call.correlation_id, moment)) for event in session.published]


def _row(event: Event, correlation: str, moment: datetime) -> dict[str, Any]:
    return {
        "event_id": uuid7(),
        "name": event.event_name(),
        "internal": event.internal,
        "subject": str(event.data[event.subject]),
        "data": event.plain(),
        "correlation_id": correlation,
        "occurred_at": moment,
    }


def message_of(service: str, row: Row[Any], *, exchange: str | None = None, key: str | None = None) -> Outgoing:
    """The CloudEvents 1.0 message (binary mode) of an outbox row."""
    return Outgoing(
        body=orjson.dumps(row.data),
        exchange=f"{service}.{'internal' if row.internal else 'events'}" if exchange is None else exchange,
        routing_key=key or row.name,
        headers={
            "ce-specversion": "1.0",
            "ce-id": str(row.event_id),
            "ce-source": f"/{service}",
            "ce-type": row.name,
            "ce-time": row.occurred_at.isoformat(),
            "ce-subject": row.subject,
            "ce-dataschema": f"urn:matron:event:{row.name}",
            "ce-sequence": f"{row.sequence:019}",
            "ce-correlationid": row.correlation_id,
        },
        properties={"delivery_mode": 2, "message_id": str(row.event_id), "type": row.name},
        needs_queue=not _for_whoever_listens(row.name),
    )


@cache
def _for_whoever_listens(name: str) -> bool:
    """Whether it is said to processes or systems of which there may be none."""
    return any(event.event_name() == name and not event.heard_by for event in events_of())


def origin_of(headers: dict[str, Any]) -> Origin:
    """The source of a message; `KeyError` or `ValueError` if the message is not an event of ours."""
    return Origin(
        event_id=UUID(headers["ce-id"]),
        source=headers["ce-source"].strip("/"),
        name=headers["ce-type"],
        sequence=int(headers["ce-sequence"]),
        occurred_at=datetime.fromisoformat(headers["ce-time"]),
        subject=headers["ce-subject"],
        correlation_id=headers["ce-correlationid"],
    )


class Relay:
    """Publishes the outbox of one service, woken by each commit of this process."""

    def __init__(self, service: str, database: Database, publisher: ConfirmedPublisher) -> None:
        self.service, self.database, self.publisher = service, database, publisher
        self.signal = Signal()
        self.relayed_at = 0.0
        self.stopping, self.works = False, True
        self.sent = EVENTS_SENT.labels(service)
        self.thread: Any = None

    def start(self) -> None:
        """Begin to relay, with what an earlier process may have left."""
        self.thread = eventlet.spawn(self._run)
        self.wake()

    def wake(self) -> None:
        """There is something new."""
        if not self.signal.ready():
            self.signal.send(None)

    def stop(self) -> None:
        """Finish the batch under way and end."""
        self.stopping = True
        self.wake()
        with eventlet.Timeout(2.0, exception=False):
            self.thread.wait()
        self.thread.kill()

    def _run(self) -> None:
        while not self.stopping:
            with eventlet.Timeout(CATCH_UP_SECONDS, exception=False):
                self.signal.wait()
            self._gather()
            self.signal = Signal()
            self.works = self._relay_all()
            if not self.works:
                eventlet.sleep(RETRY_SECONDS)
                self.wake()
            self.relayed_at = time.monotonic()

    def _gather(self) -> None:
        """Let more come, when the last batch has only just gone."""
        pause = self.relayed_at + GATHER_SECONDS - time.monotonic()
        if pause > 0 and not self.stopping:
            eventlet.sleep(pause)

    def _relay_all(self) -> bool:
        try:
            while self.publisher.link.is_up and self.relay_batch() == BATCH:
                pass
        except (MatronError, SQLAlchemyError, *BROKER_ERRORS) as error:
            if self.works:  # Logged once, and not at each try.
                log.warning("relay waits", service=self.service, error=type(error).__name__)
            return False
        except Exception as error:  # noqa: BLE001  the relay must outlive whatever happens
            log_unexpected("relay failed", error, service=self.service)
            return False
        return True

    def relay_batch(self) -> int:
        """Publish up to `BATCH` events; how many there were."""
        with self.database.autocommit() as connection, _alone(connection):
            with self.database.one_writer():
                connection.execute(NUMBER, {"batch": BATCH})
            pending = connection.execute(PENDING, {"batch": BATCH}).all()
            if pending:
                self._publish(connection, pending)
        return len(pending)

    def _publish(self, connection: Connection, pending: Sequence[Row[Any]]) -> None:
        self.publisher.publish([message_of(self.service, row) for row in pending])
        marks = [{"audience": row.internal, "through": row.sequence} for row in pending]
        with self.database.one_writer():
            for mark in {mark["audience"]: mark for mark in marks}.values():
                connection.execute(MARK, mark)
        self.sent.inc(len(pending))


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold the relay's lock. On SQLite there is one process, and so one relay.

    PostgreSQL ends the connection, and the lock with it, of a relay that does nothing for too long, as when its process
    is frozen or its machine gone: else no other one could send.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(select(func.pg_advisory_lock(LOCK), func.set_config(IDLE, str(ABANDONED_SECONDS * 1000), False)))  # noqa: FBT003  PostgreSQL's order
    try:
        yield
    except BaseException:
        connection.invalidate()  # The lock ends with the connection, whatever state that is in.
        raise
    connection.execute(select(func.pg_advisory_unlock(LOCK), func.set_config(IDLE, "0", False)))  # noqa: FBT003  PostgreSQL's order
