"""An event has its effect once: a handler claims the event's id in the transaction of its work."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, literal_column
from sqlalchemy.dialects import postgresql, sqlite

from chassis import clock
from chassis.persistence.database import Session
from chassis.persistence.tables import inbox

_VALUES: dict[str, Any] = {c.name: bindparam(c.name) for c in inbox.c}
_CLAIM: dict[str, Any] = {
    "postgresql": postgresql.insert(inbox).values(_VALUES).on_conflict_do_nothing().returning(literal_column("1")),
    "sqlite": sqlite.insert(inbox).values(_VALUES).on_conflict_do_nothing().returning(literal_column("1")),
}


def claim(session: Session, event_id: UUID, handler: str) -> bool:
    """Whether this handler has not had this event yet; it has from now on, if the transaction commits."""
    values = {"event_id": event_id, "handler": handler, "handled_at": clock.now()}
    return session.execute(_CLAIM[session.get_bind().dialect.name], values).first() is not None
