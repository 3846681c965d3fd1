"""Engines when the server, the network or another process hangs."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from socket import socket
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from chassis.errors import Unavailable
from chassis.messaging import outbox
from chassis.persistence.database import Database
from tests.broker.proxy import Proxy
from transports import engines
from transports.engines import take_time

COUNT = text("UPDATE counter SET value = value + 1")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with one row."""
    database = Database(database_url, pool_size=4)
    with database.autocommit() as connection:
        connection.execute(text("CREATE TABLE counter (value integer)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    yield database
    database.close()


def test_silent_connection_is_closed_and_the_next_works(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "SILENT_SECONDS", 0.2)
    database.engine.dispose()
    began = monotonic()
    with pytest.raises(Unavailable), database.read() as session:
        session.execute(text("SELECT pg_sleep(5)"))
    assert monotonic() - began < 4
    assert database.answers()


def test_large_statement_fails_when_the_server_reads_nothing(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(database_url)
    through = Database(proxy.url.replace("amqp", "postgresql", 1))
    with through.read() as session:
        monkeypatch.setattr(session.core.connection.driver_connection, "silent_seconds", 0.3)
        proxy.freeze()
        with pytest.raises(OperationalError):
            session.execute(text("SELECT length(:words)"), {"words": "x" * 50_000_000})
    through.close()
    proxy.close()


def test_take_time_removes_the_time_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "SILENT_SECONDS", 0.05)
    database.engine.dispose()
    with database.autocommit() as connection:
        take_time(connection)
        assert connection.execute(text("SELECT 7 FROM pg_sleep(0.3)")).scalar_one() == 7


def test_transaction_of_a_hanging_process_is_ended(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ABANDONED_SECONDS", 1)

    def hang() -> None:
        with closing(another(database)) as hanging, hanging.begin() as session:
            session.execute(COUNT)
            add_one(database)
            session.execute(COUNT)

    with pytest.raises(Unavailable):
        hang()
    with database.read() as session:
        assert session.execute(text("SELECT value FROM counter")).scalar_one() == 1


def test_hanging_relay_does_not_block_other_relays(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "ABANDONED_SECONDS", 1)

    def hang() -> None:
        with database.autocommit() as hanging, outbox._alone(hanging):
            with database.autocommit() as other, outbox._alone(other):
                pass
            hanging.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        hang()


def test_connection_may_be_idle_after_a_relay(database: Database) -> None:
    with database.autocommit() as connection:
        with outbox._alone(connection):
            assert connection.execute(text("SHOW idle_session_timeout")).scalar_one() == "15s"
        assert connection.execute(text("SHOW idle_session_timeout")).scalar_one() == "0"


def test_read_only_server_counts_as_lost(database: Database) -> None:
    only_reads(database, is_so=True)
    with pytest.raises(Unavailable):
        add_one(database)
    assert not database.answers()
    only_reads(database, is_so=False)
    assert database.answers()
    add_one(database)


def only_reads(database: Database, *, is_so: bool) -> None:
    """Make the server read-only for new connections, like a standby."""
    with closing(another(database)) as way, way.autocommit() as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        name = database.url.database
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {is_so}'))
    database.engine.dispose()


def another(database: Database) -> Database:
    """Open the same database, as another process does."""
    return Database(database.url.render_as_string(hide_password=False))


def add_one(database: Database) -> None:
    """Write a row."""
    with database.begin() as session:
        session.execute(COUNT)


def test_connect_gives_up_a_silent_address_within_a_second() -> None:
    with full_listener() as port:
        database, began = Database(f"postgresql://us@127.0.0.1:{port}/none"), monotonic()
        assert not database.answers()
    assert monotonic() - began < 2


@contextmanager
def full_listener() -> Iterator[int]:
    """A port that accepts no connection, like that of a lost machine."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = sockets.enter_context(socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
