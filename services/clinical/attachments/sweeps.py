"""Remove objects of uploads that no attachment names: the gateway died, or the outcome of the command was unknown.

The gateway stores each object under the day of its id. A day is swept once, when it ended a day ago: no upload and no
command lasts that long.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import TypedDict
from uuid import UUID

from sqlalchemy import select

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from services.clinical.models.attachments import Attachment, AttachmentSweep
from transports.storage import objects, stores

PACE = 600.0
"""Seconds between two sweeps, of one day each."""
KEPT_DAYS = 2
"""A day is swept when it lies this many days back."""
ONE_DAY = timedelta(days=1)
FIRST = 1
"""The id of the only row of `attachment_sweep`."""


class Plan(TypedDict):
    """The day to sweep, and the objects that have a row."""

    day: str
    known: list[str]


def plan(session: Session, _actor: Actor) -> Plan | None:
    """Choose the next day, and list its attachments. None: no day is due."""
    due = clock.now().astimezone(UTC).date() - KEPT_DAYS * ONE_DAY
    row = session.get(AttachmentSweep, FIRST)
    if row is None:
        session.add(AttachmentSweep(id=FIRST, swept_through=due))
        return None
    day = row.swept_through + ONE_DAY
    if day > due:
        return None
    known = select(Attachment.id).where(Attachment.id >= _first_id(day), Attachment.id < _first_id(day + ONE_DAY))
    return {"day": day.isoformat(), "known": [str(one) for one in session.scalars(known.distinct())]}


def _first_id(day: date) -> UUID:
    """Return the lowest possible id of a day (RFC 9562: version 7 starts with 48 bits of milliseconds)."""
    milliseconds = int(datetime.combine(day, time(), UTC).timestamp() * 1000)
    return UUID(int=milliseconds << 80)


def sweep(chosen: Plan) -> int:
    """Delete the other objects of the day; return their number."""
    day = date.fromisoformat(chosen["day"])
    return stores.store_at(config.current().attachments_url).sweep(objects.folder_of(day), set(chosen["known"]))


def finish(session: Session, _actor: Actor, chosen: Plan, _deleted: int) -> None:
    """Remember the day as swept."""
    row = session.get_one(AttachmentSweep, FIRST)
    row.swept_through = max(row.swept_through, date.fromisoformat(chosen["day"]))
