"""One engine per service: green waiting, one writer on SQLite, names of constraints, and a server that goes away."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import eventlet
import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Unavailable
from chassis.persistence import database as module
from chassis.persistence.database import Database, Session, refusing
from chassis.persistence.tables import Moment, new_metadata
from chassis.refusals import Refusal
from tests import ward
from tests.chassis.hosts import at_once, count
from transports import rows
from transports.engines import violated

NAP, NAPS = 0.2, 10
METADATA = new_metadata()
THING = Table(
    "thing",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("parent", ForeignKey("thing.id")),
    Column("weight", Integer),
    Column("a", Integer),
    Column("b", Integer),
    CheckConstraint("weight > 0", name="weight_positive"),
)
Index("uq_thing_a_b", THING.c.a, THING.c.b, unique=True)
Index(
    "uq_thing_light", THING.c.weight, unique=True, postgresql_where=text("weight < 5"), sqlite_where=text("weight < 5")
)


@pytest.fixture
def postgresql_database(database_url: str) -> Iterator[Database]:
    """A PostgreSQL database of the test's own."""
    database = Database(database_url, pool_size=12)
    yield database
    database.close()


@pytest.fixture
def things(database: Database) -> Iterator[Database]:
    """A table with constraints of each kind."""
    METADATA.create_all(database.engine)
    yield database
    METADATA.drop_all(database.engine)


def add(database: Database, *rows: dict[str, Any]) -> None:
    """Add things."""
    with database.begin() as session:
        for row in rows:
            session.execute(insert(THING), row)


def test_ten_threads_wait_for_postgresql_at_once(postgresql_database: Database) -> None:
    def nap() -> None:
        with postgresql_database.read() as session:
            session.execute(text(f"SELECT pg_sleep({NAP})"))

    at_once(NAPS, nap)  # Connections are made here.
    began = time.monotonic()
    at_once(NAPS, nap)
    assert time.monotonic() - began < 3 * NAP


def test_a_wait_that_is_broken_off_leaves_no_answer_for_the_next(postgresql_database: Database) -> None:
    with pytest.raises(eventlet.Timeout), eventlet.Timeout(0.1), postgresql_database.read() as session:
        session.execute(text("SELECT pg_sleep(5)"))
    with postgresql_database.read() as session:
        assert session.execute(text("SELECT 42")).scalar_one() == 42


def test_statement_of_thirty_megabytes_is_executed(postgresql_database: Database) -> None:
    with postgresql_database.read() as session:
        assert session.execute(text("SELECT length(:long)"), {"long": "x" * 30_000_000}).scalar_one() == 30_000_000


def test_times_come_back_in_utc_whatever_zone_they_had(database: Database) -> None:
    moment = datetime(2026, 11, 23, 9, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    metadata = new_metadata()
    table = Table("moment", metadata, Column("at", Moment))
    metadata.create_all(database.engine)
    with database.begin() as session:
        session.execute(insert(table), {"at": moment})
        [found] = session.scalars(select(table.c.at))
    metadata.drop_all(database.engine)
    assert (found, found.tzinfo) == (moment, UTC) or found.utcoffset() == timedelta(0)


def test_a_time_without_its_zone_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="zone"):
        Moment().process_bind_param(datetime(2026, 1, 1), database.engine.dialect)  # noqa: DTZ001


@pytest.mark.parametrize("times", [20])
def test_writers_take_turns_and_none_is_lost(database: Database, times: int) -> None:
    def write() -> None:
        with database.begin() as session:
            found = count_in(session)
            eventlet.sleep(0)
            session.add(ward.Note(id=ward.uuid7(), text=f"{found} {ward.uuid7()}"))

    at_once(times, write)
    assert count(database, ward.Note) == times


def count_in(session: Session) -> int:
    """How many notes a transaction sees."""
    return len(session.scalars(select(ward.Note.id)).all())


def test_sqlite_transactions_run_one_after_the_other(sqlite: Database) -> None:
    seen: list[int] = []

    def write() -> None:
        with sqlite.begin() as session:
            seen.append(count_in(session))
            eventlet.sleep(0.001)
            session.add(ward.Note(id=ward.uuid7(), text=str(ward.uuid7())))

    at_once(10, write)
    assert sorted(seen) == list(range(10))


def test_writer_is_refused_when_it_waits_too_long(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POOL_SECONDS", 0.05)
    with sqlite.begin(), pytest.raises(Unavailable) as refused:
        eventlet.spawn(lambda: sqlite.begin().__enter__()).wait()
    assert (refused.value.code, refused.value.facts) == ("database_busy", {"retry_after": 1})


def test_a_transaction_that_fails_is_rolled_back(database: Database) -> None:
    def fail(session: Session) -> None:
        session.add(ward.Note(id=ward.uuid7(), text="gone"))
        session.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError), database.begin() as session:
        fail(session)
    assert count(database, ward.Note) == 0


VIOLATIONS = {
    "pk_thing": [{"id": 1}, {"id": 1}],
    "fk_thing_parent": [{"id": 1, "parent": 9}],
    "ck_thing_weight_positive": [{"id": 1, "weight": -1}],
    "uq_thing_a_b": [{"id": 1, "a": 1, "b": 1}, {"id": 2, "a": 1, "b": 1}],
    "uq_thing_light": [{"id": 1, "weight": 1}, {"id": 2, "weight": 1}],
}
NAMELESS_ON_SQLITE = {"pk_thing": ("uq_thing_id", "thing_pkey"), "fk_thing_parent": ("FOREIGN KEY constraint failed",)}
PARTIAL = {"uq_thing_light": ("uq_thing_weight",)}


@pytest.mark.parametrize(("name", "rows"), VIOLATIONS.items(), ids=VIOLATIONS)
def test_violated_constraint_is_named(things: Database, name: str, rows: list[dict[str, Any]]) -> None:
    with pytest.raises(IntegrityError) as error:
        add(things, *rows)
    expected = (name, *NAMELESS_ON_SQLITE.get(name, ()), *PARTIAL.get(name, ())) if things.is_sqlite else (name,)
    assert violated(error.value) in expected


def test_trigger_is_named_when_it_aborts_a_statement(sqlite: Database) -> None:
    with sqlite.begin() as session:
        session.execute(text("CREATE TRIGGER no_way BEFORE INSERT ON note BEGIN SELECT RAISE(ABORT, 'no_way'); END"))
    with pytest.raises(DBAPIError) as error, sqlite.begin() as session:
        session.add(ward.Note(id=ward.uuid7(), text="x"))
    assert violated(error.value) == "no_way"


def test_violation_is_raised_unchanged_when_it_has_no_refusal(things: Database) -> None:
    refusals = {"uq_thing_a_b": Refusal(Conflict, "pair_taken", "")}
    with pytest.raises(IntegrityError), things.begin() as session, refusing(session, refusals):
        session.execute(insert(THING), {"id": 1, "weight": -1})


def test_an_expected_violation_is_a_new_refusal_each_time(things: Database) -> None:
    refusal = Refusal(Conflict, "pair_taken", "")
    add(things, {"id": 1, "a": 1, "b": 1})
    with pytest.raises(Conflict) as raised, things.begin() as session, refusing(session, {"uq_thing_a_b": refusal}):
        session.execute(insert(THING), {"id": 2, "a": 1, "b": 1})
    assert raised.value.code == "pair_taken"


def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nowhere")
    for work in (database.begin, database.read):
        with pytest.raises(Unavailable) as refused, work() as session:
            session.execute(text("SELECT 1"))
        assert (refused.value.code, refused.value.facts) == ("database_down", {"retry_after": 2})
    assert not database.answers()


@pytest.mark.parametrize("way", ["begin", "read"])
def test_a_connection_that_is_lost_is_unavailable_and_the_next_one_works(
    postgresql_database: Database, way: str
) -> None:
    open_session = getattr(postgresql_database, way)
    end = text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(Unavailable), open_session() as session:
        session.execute(end)
    with open_session() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1
    assert postgresql_database.answers()


def test_a_pool_that_is_empty_is_unavailable(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POOL_SECONDS", 0.1)
    small = Database(database_url, pool_size=1)
    with small.begin() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable):
            eventlet.spawn(lambda: small.answers() or _raise(small)).wait()
    small.close()


def _raise(database: Database) -> None:
    with database.begin() as session:
        session.execute(text("SELECT 1"))


def test_a_query_reads_without_a_transaction(postgresql_database: Database) -> None:
    with postgresql_database.read() as session:
        first = session.execute(text("SELECT txid_current()")).scalar_one()
        assert session.execute(text("SELECT txid_current()")).scalar_one() != first


def test_a_failed_query_leaves_the_connection_usable(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as session:
        session.execute(text("SELECT nonsense"))
    with database.read() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize("count_of_changed", [1, 2])
def test_change_updates_the_named_rows_alone(database: Database, count_of_changed: int) -> None:
    notes = [ward.Note(id=uuid7(), text=f"note {number}", revision=1) for number in range(3)]
    table, named = cast("Table", ward.Note.__table__), [note.id for note in notes[:count_of_changed]]
    with database.begin() as session:
        session.add_all(notes)
        session.flush()
        rows.change(session, table, named, {"revision": 2})
    with database.read() as session:
        changed = session.scalars(select(ward.Note.id).where(ward.Note.revision == 2)).all()
    assert set(changed) == set(named)
