"""The content of auth's database."""

import orjson
from sqlalchemy import select, update

from chassis.execution.run import add_events
from chassis.persistence import tables
from chassis.persistence.database import Session
from services.auth.models.base import Base


def everything(session: Session) -> str:
    """The whole database as text in lower case."""
    both = (Base.metadata, tables.metadata)
    rows = [[*row] for one in both for table in one.sorted_tables for row in session.execute(select(table))]
    return orjson.dumps(rows, default=str).decode().lower()


def sent(session: Session) -> None:
    """Write the published events to the outbox, and mark them as sent."""
    add_events(session)
    session.published.clear()
    session.execute(update(tables.outbox).values(sequence=tables.outbox.c.position))
    session.execute(update(tables.relay).values(sent_through=2**30))
