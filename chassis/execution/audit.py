"""The audit: a row for each action, with its actor, record and address, in the transaction of the work itself."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import or_, select

from chassis import clock
from chassis.contract import Command, Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from chassis.persistence.tables import audit
from transports import rows


def row_of(session: Session, actor: Actor, action: str, record: UUID | None, *, allowed: bool = True) -> rows.Row:
    """The row of one action, allowed or refused."""
    return audit, {
        "at": clock.now(),
        "actor_id": actor.id,
        "action": action,
        "record_id": record,
        "allowed": allowed,
        "address": session.call.address,
        "request_id": session.call.request_id,
    }


def named_in(command: Command | None, actor: Actor) -> UUID | None:
    """The record that a request names: the first id among its fields that is not the actor's own."""
    ids = [value for value in command.given().values() if isinstance(value, UUID)] if command else []
    return next((one for one in ids if one != actor.id), None)


class Asked(Protocol):
    """The query for the list of actions: see `contracts.audit.AuditQuery`."""

    person_id: UUID | None
    record_id: UUID | None
    action: str | None
    allowed: bool | None
    from_: datetime | None
    to: datetime | None
    limit: int
    cursor: str | None


def listing(session: Session, _actor: Actor, query: Asked) -> Page:
    """This service's rows, newest first. A person's rows are their own actions, and actions on their record."""
    found = select(*audit.c)
    if query.person_id is not None:
        found = found.where(or_(audit.c.actor_id == query.person_id, audit.c.record_id == query.person_id))
    wanted = {audit.c.record_id: query.record_id, audit.c.action: query.action, audit.c.allowed: query.allowed}
    found = found.where(*(column == value for column, value in wanted.items() if value is not None))
    if query.from_ is not None:
        found = found.where(audit.c.at >= query.from_)
    if query.to is not None:
        found = found.where(audit.c.at < query.to)
    return page(session, found, (audit.c.id,), limit=query.limit, cursor=query.cursor)
