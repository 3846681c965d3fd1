"""One engine per service, SQLite or PostgreSQL, and the sessions that use cases work in.

On SQLite there is one writer at a time: `BEGIN IMMEDIATE` behind a green lock, because SQLite's own busy wait would
stop the whole process, and with it the writer that it waits for.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from eventlet.semaphore import Semaphore
from sqlalchemy import Connection, Insert, Table, insert, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, make_transient_to_detached
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm.attributes import set_committed_value

from chassis.call import Call
from chassis.errors import MatronError, Unavailable
from chassis.event import Event
from chassis.refusals import DATABASE_BUSY, DATABASE_DOWN, NO_ANSWER
from transports.engines import POOL_SECONDS, engine_for, is_lost, violated

if TYPE_CHECKING:
    from transports.postgresql import GreenConnection

UNCALLED = Call()
"""For work that no request asks for."""
TAKES_ROWS = text("SELECT current_setting('transaction_read_only') = 'off'")


class Session(OrmSession):
    """An ORM session that also takes events, which become rows of the outbox at commit. `call`: how the work came."""

    def __init__(self, connection: Connection, call: Call = UNCALLED, **options: Any) -> None:
        super().__init__(connection, **options)
        self.call = call
        self.published: list[Event] = []
        self.appended: list[tuple[Table, dict[str, Any]]] = []
        self.noted: dict[str, Any] = {}

    def publish(self, event: Event) -> None:
        """Say this to the world if, and only if, the transaction commits."""
        self.published.append(event)

    def note(self, **facts: Any) -> None:
        """What the audit's row of this command says differently, such as `record_id` where the reply has no id."""
        self.noted |= facts

    def append(self, model: type[DeclarativeBase], **values: Any) -> None:
        """Add a row, at the end of the transaction, that nothing in it reads again."""
        self.appended.append((cast("Table", model.__table__), values))

    def insert(self, row: DeclarativeBase) -> None:
        """Add a row that has all its values, at once: less than half the cost of `add` and `flush`."""
        table = cast("Table", row.__table__)
        values = {column.key: getattr(row, column.key) for column in table.c}
        self.core.execute(_insert(table), values)
        for name in values.keys() - row.__dict__.keys():
            set_committed_value(row, name, None)  # Else it counts as not loaded, and reading it asks the database.
        make_transient_to_detached(row)
        self.add(row)

    @property
    def core(self) -> Connection:
        """The connection, for statements on tables: without the machinery of mapped classes they cost half."""
        return self.bind if isinstance(self.bind, Connection) else self.connection()

    @property
    def is_postgresql(self) -> bool:
        """Whether locks and constraints of PostgreSQL are there."""
        return self.get_bind().dialect.name == "postgresql"

    def lock(self, *numbers: int) -> None:
        """Wait for other transactions that hold one of these numbers, and hold them until the end of this one.

        In one order for all, so that no two wait for each other. On SQLite a transaction is the only writer anyway.
        """
        if self.is_postgresql:
            locks = ", ".join(["pg_advisory_xact_lock(%s::bigint)"] * len(numbers))
            self.later(f"SELECT {locks}", sorted(numbers))

    def later(self, statement: str, parameters: Sequence[Any]) -> None:
        """Have PostgreSQL do this with the next statement, or with COMMIT: it costs no round trip of its own."""
        cast("GreenConnection", self.core.connection.driver_connection).later(statement, parameters)


@cache
def _insert(table: Table) -> Insert:
    return insert(table)


class Database:
    """The engine of one service, and its two ways of working: `begin` and `read`."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = _normal(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = engine_for(self.url, pool_size)
        only_reads = {"only_reads": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self.reading = self.engine.execution_options(**only_reads)
        self.writer = Semaphore(1)

    @contextmanager
    def begin(self, call: Call = UNCALLED) -> Iterator[Session]:
        """A session in one transaction, committed at the end or rolled back by an exception."""
        with self.one_writer(), _unavailable_when_down(), self.engine.connect() as connection:
            transaction = connection.begin()
            options: dict[str, Any] = {"expire_on_commit": False, "join_transaction_mode": "rollback_only"}
            with Session(connection, call, **options) as session:
                yield session
                session.flush()
                with _in_doubt_when_lost():
                    transaction.commit()

    @contextmanager
    def read(self, call: Call = UNCALLED) -> Iterator[Session]:
        """A session that only reads: without a transaction, each statement by itself."""
        with (
            _unavailable_when_down(),
            self.reading.connect() as connection,
            Session(connection, call, autoflush=False) as session,
        ):
            yield session

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """A plain connection on which each statement commits by itself."""
        with _unavailable_when_down(), self.reading.connect() as connection:
            yield connection

    @contextmanager
    def one_writer(self) -> Iterator[None]:
        """Be the only writer of this process: needed on SQLite, nothing on PostgreSQL."""
        if not self.is_sqlite:
            yield
            return
        if not self.writer.acquire(timeout=POOL_SECONDS):
            raise DATABASE_BUSY(retry_after=1)
        try:
            yield
        finally:
            self.writer.release()

    def answers(self) -> bool:
        """Whether the database takes rows now: a server of PostgreSQL that waits to take over does not."""
        try:
            with self.autocommit() as connection:
                return bool(connection.execute(select(1) if self.is_sqlite else TAKES_ROWS).scalar_one())
        except (Unavailable, DBAPIError):
            return False

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _unavailable_when_down() -> Iterator[None]:
    try:
        yield
    except (PoolTimeout, DisconnectionError, InterfaceError):
        raise _down() from None
    except (OperationalError, InternalError) as error:
        if is_lost(error):
            raise _down() from None
        raise


@contextmanager
def _in_doubt_when_lost() -> Iterator[None]:
    """A commit that is not answered may have been done: that is not the `Unavailable` that says that nothing was."""
    try:
        yield
    except OperationalError as error:
        if is_lost(error) and not isinstance(error.orig, sqlite3.Error):
            raise NO_ANSWER() from None
        raise


def _down() -> Unavailable:
    return DATABASE_DOWN(retry_after=2)


def _normal(url: str) -> URL:
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in ("postgresql", "postgres") else parsed


@contextmanager
def refusing(session: Session, refusals: Mapping[str, Callable[[], MatronError]]) -> Iterator[None]:
    """Flush at the end, and raise the refusal of a violated constraint: `{"no_doctor_overlap": SLOT_TAKEN}`."""
    try:
        yield
        session.flush()
    except DBAPIError as error:
        refusal = refusals.get(violated(error))
        if refusal is None:
            raise
        raise refusal() from None
