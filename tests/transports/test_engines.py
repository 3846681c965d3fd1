"""What a database's engine does when the server, the network or another process does nothing any more."""

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


def test_a_connection_that_stays_silent_is_given_up_and_the_next_one_works(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "SILENT_SECONDS", 0.2)
    database.engine.dispose()
    began = monotonic()
    with pytest.raises(Unavailable), database.read() as session:
        session.execute(text("SELECT pg_sleep(5)"))
    assert monotonic() - began < 4
    assert database.answers()


def test_a_large_statement_that_nobody_takes_is_given_up(
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


def test_what_must_take_its_time_may(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "SILENT_SECONDS", 0.05)
    database.engine.dispose()
    with database.autocommit() as connection:
        take_time(connection)
        assert connection.execute(text("SELECT 7 FROM pg_sleep(0.3)")).scalar_one() == 7


def test_a_transaction_of_somebody_who_hangs_is_ended_and_lets_others_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_relay_that_hangs_does_not_stop_the_others(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "ABANDONED_SECONDS", 1)

    def hang() -> None:
        with database.autocommit() as hanging, outbox._alone(hanging):
            with database.autocommit() as other, outbox._alone(other):
                pass
            hanging.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        hang()


def test_a_connection_that_has_relayed_may_be_idle_again(database: Database) -> None:
    with database.autocommit() as connection:
        with outbox._alone(connection):
            assert connection.execute(text("SHOW idle_session_timeout")).scalar_one() == "15s"
        assert connection.execute(text("SHOW idle_session_timeout")).scalar_one() == "0"


def test_a_server_that_only_reads_is_no_server_to_write_to(database: Database) -> None:
    only_reads(database, is_so=True)
    with pytest.raises(Unavailable):
        add_one(database)
    assert not database.answers()
    only_reads(database, is_so=False)
    assert database.answers()
    add_one(database)


def only_reads(database: Database, *, is_so: bool) -> None:
    """As a server does that waits to take over, from the next connection on."""
    with closing(another(database)) as way, way.autocommit() as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        name = database.url.database
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {is_so}'))
    database.engine.dispose()


def another(database: Database) -> Database:
    """The same database as another process has it."""
    return Database(database.url.render_as_string(hide_password=False))


def add_one(database: Database) -> None:
    """Write."""
    with database.begin() as session:
        session.execute(COUNT)


def test_an_address_that_does_not_answer_is_given_up_within_a_second() -> None:
    with full_listener() as port:
        database, began = Database(f"postgresql://us@127.0.0.1:{port}/none"), monotonic()
        assert not database.answers()
    assert monotonic() - began < 2


@contextmanager
def full_listener() -> Iterator[int]:
    """A port that takes no connection any more, as of a machine that is gone."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = sockets.enter_context(socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
