"""An event has its effect once: a handler claims the event's id in the transaction of its work."""

from uuid import UUID

from chassis import clock
from chassis.persistence.database import Session
from chassis.persistence.tables import inbox
from chassis.persistence.upserts import if_new

_CLAIM = if_new(inbox)


def claim(session: Session, event_id: UUID, handler: str) -> bool:
    """Whether this handler has not had this event yet; it has from now on, if the transaction commits."""
    values = {"event_id": event_id, "handler": handler, "handled_at": clock.now()}
    return session.execute(_CLAIM[session.get_bind().dialect.name], values).first() is not None
