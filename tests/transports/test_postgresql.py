"""A connection that sends several statements together, and its errors."""

from collections.abc import Iterator

import eventlet
import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy.engine import make_url

from transports import postgresql
from transports.postgresql import GreenConnection

ADD = "INSERT INTO thing VALUES (%s)"


@pytest.fixture
def connection(database_url: str) -> Iterator[GreenConnection]:
    """A connection to a database with a table of one row, 1."""
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = GreenConnection.connect(url)
    connection.execute("CREATE TABLE thing (id integer PRIMARY KEY)")
    connection.execute(ADD, [1])
    connection.commit()
    yield connection
    connection.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One item for each send since the start of the test."""
    pieces = list[None]()
    original = postgresql.generators.send

    def send(*args: object) -> object:
        pieces.append(None)
        return original(*args)

    monkeypatch.setattr(postgresql.generators, "send", send)
    return pieces


def things(connection: GreenConnection) -> list[int]:
    """The rows of the table."""
    return [row[0] for row in connection.execute("SELECT id FROM thing ORDER BY id")]


def is_idle(connection: GreenConnection) -> bool:
    """Whether no transaction is open."""
    return connection.pgconn.transaction_status == TransactionStatus.IDLE


def test_transaction_is_sent_in_two_pieces(connection: GreenConnection, sent: list[None]) -> None:
    connection.later("SELECT pg_advisory_xact_lock(%s::bigint)", [5])
    connection.execute("SELECT 1")
    connection.later(ADD, [2])
    connection.commit()
    assert len(sent) == 2
    assert things(connection) == [1, 2]


def test_begin_is_sent_with_the_first_statement(connection: GreenConnection, sent: list[None]) -> None:
    assert connection.execute("SELECT 7").fetchone() == (7,)
    assert len(sent) == 1
    assert not is_idle(connection)


def test_waiting_statement_runs_before_the_next(connection: GreenConnection) -> None:
    connection.later(ADD, [2])
    connection.later(ADD, [3])
    assert things(connection) == [1, 2, 3]


def test_commit_sends_waiting_statements(connection: GreenConnection) -> None:
    connection.later(ADD, [2])
    connection.commit()
    assert is_idle(connection)
    connection.rollback()
    assert things(connection) == [1, 2]


def test_error_of_a_waiting_statement_is_raised_by_the_next(connection: GreenConnection) -> None:
    connection.later(ADD, [1])
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("SELECT 1")
    connection.rollback()
    assert things(connection) == [1]


def test_error_of_a_waiting_statement_is_raised_by_commit(connection: GreenConnection) -> None:
    connection.later(ADD, [2])
    connection.later(ADD, [1])
    with pytest.raises(psycopg.errors.UniqueViolation) as refused:
        connection.commit()
    assert refused.value.diag.constraint_name == "thing_pkey"
    assert is_idle(connection)
    assert things(connection) == [1]


def test_rollback_drops_unsent_statements(connection: GreenConnection) -> None:
    connection.later(ADD, [2])
    connection.rollback()
    connection.execute("SELECT 1")
    connection.later(ADD, [3])
    connection.rollback()
    connection.commit()
    assert things(connection) == [1]


def test_executemany_runs_after_waiting_statements(connection: GreenConnection) -> None:
    connection.later("DELETE FROM thing")
    connection.cursor().executemany(ADD, [[1], [2]])
    connection.commit()
    assert things(connection) == [1, 2]


def test_statements_are_still_prepared(connection: GreenConnection) -> None:
    connection.prepare_threshold = 1
    for number in range(2, 8):
        connection.later(ADD, [number])
        connection.execute("SELECT %s::integer", [number])
        connection.commit()
    prepared = connection.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'")
    assert prepared.fetchone() == (1,)
    assert things(connection) == [1, 2, 3, 4, 5, 6, 7]


def test_interrupted_wait_closes_the_connection(connection: GreenConnection) -> None:
    connection.later(ADD, [2])
    with pytest.raises(eventlet.Timeout), eventlet.Timeout(0.1):
        connection.execute("SELECT pg_sleep(20)")
    assert connection.closed


def test_lost_server_raises_an_operational_error(connection: GreenConnection, database_url: str) -> None:
    pid = connection.execute("SELECT pg_backend_pid()").fetchone()
    connection.later(ADD, [2])
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", pid)
    with pytest.raises(psycopg.OperationalError):
        connection.commit()
    assert connection.closed


def test_autocommit_needs_no_begin(connection: GreenConnection) -> None:
    connection.autocommit = True
    connection.execute(ADD, [2])
    assert is_idle(connection)
    assert things(connection) == [1, 2]
