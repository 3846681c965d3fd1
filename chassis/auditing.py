"""Who did what to which record, from where, and whether it was allowed: a row in the transaction of the work itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from chassis import clock
from chassis.contract import Command, Page
from chassis.database import Session
from chassis.identity import Actor
from chassis.paging import page
from chassis.tables import audit
from transports import rows


def row_of(actor: Actor, action: str, record: UUID | None, *, allowed: bool = True) -> rows.Row:
    """The row of one deed, or of one that was refused."""
    return audit, {
        "at": clock.now(),
        "actor_id": actor.id,
        "action": action,
        "record_id": record,
        "allowed": allowed,
        "address": actor.address,
        "request_id": actor.request_id,
    }


def named_in(contract: type[Command], fields: dict[str, Any], actor: Actor) -> UUID | None:
    """The record that a request names: the first id among its fields that is not the actor's own."""
    ids = [fields[name] for name in contract.schema().fields if isinstance(fields.get(name), UUID)]
    return next((one for one in ids if one != actor.id), None)


def listing(
    session: Session,
    _actor: Actor,
    *,
    person_id: UUID | None,
    record_id: UUID | None,
    action: str | None,
    allowed: bool | None,
    from_: datetime | None,
    to: datetime | None,
    limit: int,
    cursor: str | None,
) -> Page:
    """This service's rows, newest first. A person's are those of what they did, and of what was done to them."""
    query = select(*audit.c)
    if person_id is not None:
        query = query.where(or_(audit.c.actor_id == person_id, audit.c.record_id == person_id))
    wanted = {audit.c.record_id: record_id, audit.c.action: action, audit.c.allowed: allowed}
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if from_ is not None:
        query = query.where(audit.c.at >= from_)
    if to is not None:
        query = query.where(audit.c.at < to)
    return page(session, query, (audit.c.id,), limit=limit, cursor=cursor)
