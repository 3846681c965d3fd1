"""Metrics that are measured from time to time: waiting events, dead letters, unrouted messages.

Each process measures the outbox of its service, which all processes of the service share. The process of the gateway
measures the queues, over a short connection.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, cast

from sqlalchemy import func, select, union_all
from sqlalchemy.exc import SQLAlchemyError

from chassis import clock
from chassis.config import SERVICES
from chassis.errors import MatronError
from chassis.execution.resources import Resources
from chassis.messaging.topology import UNROUTED, dead_queue
from chassis.persistence.database import Database
from chassis.persistence.tables import outbox, relay
from matron.installation import connected
from telemetry import metrics
from telemetry.logs import log
from telemetry.sampling import sample
from transports import names
from transports.declarations import size_of
from transports.links import BROKER_ERRORS
from transports.senders import url_of

if TYPE_CHECKING:
    from sqlalchemy import QueuePool

OUTBOX_PACE, QUEUES_PACE = 10.0, 30.0
DOWN = (MatronError, SQLAlchemyError, *BROKER_ERRORS)

_waiting = (func.count().label("number"), func.min(outbox.c.occurred_at).label("oldest"))
_sent = (outbox.c.internal == relay.c.internal) & (outbox.c.sequence > relay.c.sent_through)
# Both halves use an index, so their cost does not grow with the number of sent events.
UNSENT = union_all(
    select(*_waiting).where(outbox.c.sequence.is_(None)), select(*_waiting).join_from(outbox, relay, _sent)
)


class Container(Protocol):
    """The part of nameko's container that this module reads."""

    service_name: str
    extensions: Iterable[object]


def start(containers: Iterable[Container], amqp_url: str) -> None:
    """Start to measure, until the process ends."""
    names.RESOLVER.tell = note_name
    for container in containers:
        for resources in (one for one in container.extensions if isinstance(one, Resources)):
            pool = cast("QueuePool", resources.database.engine.pool)  # `engine_for` bounds each pool.
            metrics.DATABASE_IN_USE.labels(container.service_name).set_function(pool.checkedout)
            metrics.DATABASE_LIMIT.labels(container.service_name).set(pool.size())
            sample(OUTBOX_PACE, measure_outbox, container.service_name, resources.database, expected=DOWN)
        if container.service_name == "gateway":
            sample(QUEUES_PACE, measure_queues, url_of(amqp_url, container.service_name), expected=DOWN)


def note_name(name: str, state: str) -> None:
    """Record the state of a host name look-up."""
    metrics.NAMES_UNANSWERED.labels(name).set(state != "answered")
    log.warning("name look-up", name=name, state=state)


def measure_outbox(service: str, database: Database) -> None:
    """Measure the number of unsent events, and the age of the oldest."""
    with database.autocommit() as connection:
        found = connection.execute(UNSENT).all()
    oldest = min((row.oldest for row in found if row.oldest is not None), default=None)
    age = 0.0 if oldest is None else (clock.now() - oldest).total_seconds()
    metrics.OUTBOX_UNSENT.labels(service).set(sum(row.number for row in found))
    metrics.OUTBOX_OLDEST.labels(service).set(max(age, 0.0))


def measure_queues(amqp_url: str) -> None:
    """Measure the dead letters of each service, and the messages that reached no queue."""
    with connected(amqp_url) as open_channel:
        for service in SERVICES:
            metrics.DEAD_LETTERS.labels(service).set(size_of(open_channel(), dead_queue(service)))
        metrics.UNROUTED.set(size_of(open_channel(), UNROUTED))
