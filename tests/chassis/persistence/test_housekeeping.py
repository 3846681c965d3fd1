"""The removal of old rows: deleted rows, kept rows, and no scan of a whole table."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, text, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import SYSTEM
from chassis.persistence import housekeeping
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import idempotency, inbox, outbox, relay

ROWS = 100_000


def old() -> datetime:
    """When an event was, of which nothing need be kept."""
    return clock.now() - housekeeping.EVENTS_KEPT - timedelta(days=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database(request: pytest.FixtureRequest, databases: Callable[[str, str], Database]) -> Database:
    """Any service's database will do."""
    return databases("notify", request.param)


def tidy(session: Session) -> None:
    """One run."""
    housekeeping.tidy(session, SYSTEM)


def sent(session: Session, *sequences: int, at: datetime | None = None) -> None:
    """Events with these sequences, all of them sent; old ones unless `at` says when they happened."""
    facts = {"name": "n", "subject": "s", "data": {}, "correlation_id": "c", "internal": False}
    facts["occurred_at"] = at or old()
    session.execute(insert(outbox), [{**facts, "event_id": uuid7(), "sequence": number} for number in sequences])
    through = max(sequences)
    session.execute(update(relay).where(relay.c.internal.is_(False)).values(sent_through=through))


def claimed(session: Session, number: int, at: datetime) -> None:
    """Claims of so many events, of one moment."""
    session.execute(insert(inbox), [{"event_id": uuid7(), "handler": "h", "handled_at": at} for _ in range(number)])


def kept(session: Session) -> list[int | None]:
    return list(session.scalars(select(outbox.c.sequence).order_by(outbox.c.sequence)))


def count(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_old_events_are_deleted_except_the_last_one(session: Session) -> None:
    sent(session, 1, 2, 3)
    tidy(session)
    assert kept(session) == [3]


def test_an_event_that_was_not_sent_stays_however_old(session: Session) -> None:
    sent(session, 1, 2, 3)
    session.execute(update(relay).values(sent_through=1))
    tidy(session)
    assert kept(session) == [2, 3]


def test_claims_of_old_events_are_deleted(session: Session) -> None:
    claimed(session, 1, old())
    claimed(session, 1, clock.now())
    tidy(session)
    assert count(session, inbox) == 1


def test_stored_replies_go_after_two_days(session: Session) -> None:
    reply = {"actor": "a", "command": "c", "fingerprint": "f"}
    moments = (clock.now(), clock.now() - housekeeping.KEYS_KEPT - timedelta(hours=1))
    session.execute(insert(idempotency), [{**reply, "key": str(at), "created_at": at} for at in moments])
    tidy(session)
    assert count(session, idempotency) == 1


def test_an_empty_database_is_left_alone(session: Session) -> None:
    tidy(session)
    assert kept(session) == []


def test_several_runs_catch_up_after_a_long_pause(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 10)
    sent(session, *range(1, 25))
    sent(session, *range(25, 30), at=clock.now())
    for minute in range(24):
        claimed(session, 1, old() + timedelta(minutes=minute))
    left = []
    for _ in range(4):
        tidy(session)
        left.append((len(kept(session)), count(session, inbox)))
    assert left == [(19, 14), (9, 4), (5, 0), (5, 0)]


FILL = (
    """
    INSERT INTO outbox (event_id, name, internal, subject, data, correlation_id, occurred_at, sequence)
    SELECT gen_random_uuid(), 'n', n % 2 = 0, 's', '{}', 'c', now() - interval '60 days' + n * interval '10 s', n / 2
    FROM generate_series(2, :rows) AS n
    """,
    "UPDATE relay SET sent_through = :rows / 2",
    """
    INSERT INTO inbox SELECT gen_random_uuid(), 'h', now() - interval '60 days' + n * interval '10 s'
    FROM generate_series(1, :rows) AS n
    """,
    """
    INSERT INTO idempotency SELECT 'a', 'c', n::text, 'f', '{}', '{}', now() - interval '4 days' + n * interval '1 s'
    FROM generate_series(1, :rows) AS n
    """,
)


@contextmanager
def explained(session: Session) -> Iterator[list[str]]:
    """The plans of the statements in the block, as PostgreSQL or SQLite makes them for this session."""
    plans, prefix = list[str](), "EXPLAIN (COSTS OFF) " if session.is_postgresql else "EXPLAIN QUERY PLAN "
    connection = session.connection()

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_more: object) -> None:
        cursor.execute(prefix + statement, parameters)
        plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))

    event.listen(connection, "before_cursor_execute", explain)
    yield plans
    event.remove(connection, "before_cursor_execute", explain)


def scanned(plans: list[str]) -> list[str]:
    """Those of the tables that grow which are read from one end to the other."""
    return re.findall(r"(?:Seq Scan on|SCAN) (?:outbox|inbox|idempotency)\b", "\n".join(plans))


@pytest.mark.servers
def test_a_run_reads_only_its_batch_of_a_large_table(databases: Callable[[str, str], Database]) -> None:
    with Session(databases("notify", "postgresql").engine) as session, session.begin() as transaction:
        session.execute(text("SET LOCAL statement_timeout = 0"))  # Filling the tables may take long on a busy machine.
        for statement in FILL:
            session.execute(text(statement), {"rows": ROWS})
        session.execute(text("ANALYZE outbox, inbox, idempotency"))  # Autovacuum does so in operation.
        with explained(session) as plans:
            tidy(session)
        left = [count(session, table) for table in (outbox, inbox, idempotency)]
        transaction.rollback()
    assert (len(plans), scanned(plans)) == (7, [])
    assert left == [ROWS - 1 - 2 * housekeeping.BATCH, *[ROWS - housekeeping.BATCH] * 2]


def test_a_run_finds_its_rows_by_index_on_sqlite(databases: Callable[[str, str], Database]) -> None:
    with Session(databases("notify", "sqlite").engine) as session, session.begin() as transaction:
        sent(session, 1, 2, 3)
        claimed(session, 1, old())
        with explained(session) as plans:
            tidy(session)
        transaction.rollback()
    assert (len(plans), scanned(plans)) == (5, [])
