"""What every service throws away in time: keys and claims that nobody will ask for again, and events long sent."""

from datetime import timedelta

from sqlalchemy import delete, func, select

from chassis import clock
from chassis.database import Session
from chassis.identity import Actor
from chassis.tables import idempotency, inbox, outbox, relay

PACE = 3600.0
KEYS_KEPT = timedelta(days=2)
"""Longer than any client goes on repeating a request."""
EVENTS_KEPT = timedelta(days=30)
"""How far back `matron events replay` reaches, and how late a duplicate may come."""


def tidy(session: Session, _actor: Actor) -> None:
    """Delete what is older than it need be. An audience's last event stays: the next sequence follows from it."""
    now = clock.now()
    session.execute(delete(idempotency).where(idempotency.c.created_at < now - KEYS_KEPT))
    session.execute(delete(inbox).where(inbox.c.handled_at < now - EVENTS_KEPT))
    last = select(func.max(outbox.c.sequence)).where(outbox.c.internal == relay.c.internal).scalar_subquery()
    for audience, sent_through, newest in session.execute(select(relay.c.internal, relay.c.sent_through, last)).all():
        old = (outbox.c.internal == audience) & (outbox.c.occurred_at < now - EVENTS_KEPT)
        session.execute(delete(outbox).where(old, outbox.c.sequence <= min(sent_through, (newest or 0) - 1)))
