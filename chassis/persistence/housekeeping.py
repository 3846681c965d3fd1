"""The removal of old rows: stored replies, claims of events, and sent events."""

from datetime import datetime, timedelta

from sqlalchemy import Column, delete, func, select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.tables import idempotency, inbox, outbox, relay

PACE = 60.0
BATCH = 5_000
"""Rows of one table, or events of one audience, that one run looks at: it costs the same however large a table is."""
KEYS_KEPT = timedelta(days=2)
"""Longer than any client goes on repeating a request."""
EVENTS_KEPT = timedelta(days=30)
"""How far back `matron events replay` reaches, and how late a duplicate may come."""


def tidy(session: Session, _actor: Actor) -> None:
    """Delete the oldest rows that have expired, up to `BATCH` of each table; the next run goes on from there."""
    now = clock.now()
    _delete_oldest(session, idempotency.c.created_at, now - KEYS_KEPT)
    _delete_oldest(session, inbox.c.handled_at, now - EVENTS_KEPT)
    _delete_events(session, now - EVENTS_KEPT)


def _delete_oldest(session: Session, moment: Column[datetime], before: datetime) -> None:
    """Delete the rows of a table whose moment is earliest, as far as it is `before`; found by the moment's index."""
    batch = select(moment).where(moment < before).order_by(moment).limit(BATCH).subquery().c[moment.name]
    first, last = session.execute(select(func.min(batch), func.max(batch))).one()
    if first is not None:
        session.execute(delete(moment.table).where(moment.between(first, last)))


def _delete_events(session: Session, before: datetime) -> None:
    """Delete sent events by sequence, the order of their time. An audience's last event stays: the sequence goes on."""
    number = outbox.c.sequence
    oldest, newest = (select(of(number)).where(outbox.c.internal == relay.c.internal) for of in (func.min, func.max))
    audiences = select(relay.c.internal, relay.c.sent_through, oldest.scalar_subquery(), newest.scalar_subquery())
    for internal, sent_through, first, last in session.execute(audiences).all():
        if first is not None:
            span = number.between(first, min(first + BATCH - 1, sent_through, last - 1))
            session.execute(delete(outbox).where(outbox.c.internal == internal, span, outbox.c.occurred_at < before))
