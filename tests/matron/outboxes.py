"""Outboxes in a folder of `matron run`, and the messages in its broker."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select

from chassis.persistence.database import Database
from chassis.persistence.tables import outbox
from contracts.auth.events import DoctorApproved
from matron import replay
from matron.installation import Installation
from matron.migrations import migrate
from matron.replay import Replay, Sent

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@contextmanager
def opened(folder: Path, service: str) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{folder}/{service}.db")) as database:
        migrate(service, database)
        yield database


def say(folder: Path, *moments: datetime, event: Any = DoctorApproved, sent: bool = True) -> list[str]:
    """Put events into the outbox of auth, as sent events unless `sent` is false. Return their ids."""
    with opened(folder, event.service) as database, database.begin() as session:
        first = len(session.execute(select(outbox.c.position).where(outbox.c.internal == event.internal)).all()) + 1
        rows = [
            {
                "event_id": uuid4(),
                "name": event.event_name(),
                "internal": event.internal,
                "subject": event.example[event.subject],
                "data": event.example,
                "correlation_id": "request-1",
                "occurred_at": moment,
                "sequence": number if sent else None,
            }
            for number, moment in enumerate(moments, first)
        ]
        session.execute(insert(outbox), rows)
    return [str(row["event_id"]) for row in rows]


def arrived(folder: Path) -> list[tuple[str, str]]:
    """Queue and event id of each message in the broker of the folder, in order."""
    with closing(sqlite3.connect(folder / "broker.db")) as connection:
        rows = connection.execute("SELECT queue, properties FROM message ORDER BY id").fetchall()
    return [(queue, json.loads(properties)["message_id"]) for queue, properties in rows]


def unwatched(_total: int) -> Any:
    return nullcontext(lambda _number: None)


def send(folder: Path, wanted: Replay, *, again: bool = False) -> Sent:
    return replay.send(Installation(None, folder), wanted, again=again, watch=unwatched)
