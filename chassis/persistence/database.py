"""One engine per service, SQLite or PostgreSQL, and the sessions that use cases work in.

On SQLite there is one writer at a time: `BEGIN IMMEDIATE` behind a green lock, because SQLite's own busy wait would
stop the whole process, and with it the writer that it waits for.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from eventlet.semaphore import Semaphore
from sqlalchemy import Connection, Executable, Insert, Row, Table, insert, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, make_transient_to_detached
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm.attributes import set_committed_value

from chassis.call import Call
from chassis.errors import MatronError, Unavailable
from chassis.event import Event
from chassis.refusals import DATABASE_BUSY, DATABASE_DOWN, NO_ANSWER, Refusal
from transports.engines import POOL_SECONDS, engine_for, is_lost, violated

if TYPE_CHECKING:
    from transports.postgresql import GreenConnection

E = TypeVar("E", bound=MatronError)
AnyRow = Row[*tuple[Any, ...]]
UNCALLED = Call()
"""For work that no request asks for."""
LOCKS_AT_ONCE = 500
"""Locks in one statement. PostgreSQL's limit is 1,664 columns."""
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
        """Publish the event if, and only if, the transaction commits."""
        self.published.append(event)

    def note(self, **facts: Any) -> None:
        """Change facts of this command's audit row, such as `record_id` where the reply has no id."""
        self.noted |= facts

    def append(self, model: type[DeclarativeBase], **values: Any) -> None:
        """Add a row, at the end of the transaction, that nothing in it reads again."""
        self.appended.append((cast("Table", model.__table__), values))

    def insert(self, row: DeclarativeBase) -> None:
        """Add a row that has all its values, at once, for the hottest command: 0.2 ms less than `add` and `flush`."""
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

    def rows(self, statement: Executable, values: Mapping[str, object] | None = None) -> Sequence[AnyRow]:
        """The rows of a statement on tables."""
        return self.core.execute(statement, values).all()

    def one(self, statement: Executable, values: Mapping[str, object] | None = None) -> AnyRow | None:
        """The only row of a statement on tables, or None."""
        return self.core.execute(statement, values).one_or_none()

    def lock(self, *numbers: int, shared: bool = False) -> None:
        """Lock these numbers until the end of the transaction. A transaction on SQLite is the only writer anyway.

        All transactions lock in ascending order, so that no two wait for each other. Holders of a `shared` lock wait
        only for the holder of an exclusive one.
        """
        lock = "pg_advisory_xact_lock_shared(%s::bigint)" if shared else "pg_advisory_xact_lock(%s::bigint)"
        if self.is_postgresql:
            for first in range(0, len(numbers), LOCKS_AT_ONCE):
                some = sorted(numbers)[first : first + LOCKS_AT_ONCE]
                self.later(f"SELECT {', '.join([lock] * len(some))}", some)

    def lock_people(self, *person_ids: UUID) -> None:
        """Lock the schedules of these people: every change to the time of a person holds the person's lock."""
        self.lock(*{lock_of(person_id) for person_id in person_ids})

    def later(self, statement: str, parameters: Sequence[Any]) -> None:
        """Have PostgreSQL do this with the next statement, or with COMMIT: it costs no round trip of its own."""
        cast("GreenConnection", self.core.connection.driver_connection).later(statement, parameters)


def lock_of(person_id: UUID) -> int:
    """The number of the advisory lock on a person's schedule."""
    return person_id.int & 0x7FFF_FFFF_FFFF_FFFF


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
        raise DATABASE_DOWN(retry_after=2) from None
    except (OperationalError, InternalError) as error:
        if is_lost(error):
            raise DATABASE_DOWN(retry_after=2) from None
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


def _normal(url: str) -> URL:
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in ("postgresql", "postgres") else parsed


@contextmanager
def refusing(
    session: Session, refusals: Mapping[str, Refusal[E]], *, after_rollback: Callable[[Refusal[E]], E] | None = None
) -> Iterator[None]:
    """Flush at the end, and raise the refusal of a violated constraint: `{"no_doctor_overlap": SLOT_TAKEN}`.

    `after_rollback` may read from the database which row is in conflict, and returns the error to raise.
    """
    try:
        yield
        session.flush()
    except DBAPIError as error:
        refusal = refusals.get(violated(error))
        if refusal is None:
            raise
        if after_rollback is None:
            raise refusal() from None
        session.rollback()
        if isinstance(session.bind, Connection):  # Else the session's own transaction was all.
            session.bind.rollback()
        raise after_rollback(refusal) from None


@contextmanager
def trying(session: Session, refusals: Mapping[str, Refusal[E]]) -> Iterator[None]:
    """As `refusing`, behind a savepoint: the transaction may go on after a refusal."""
    with session.begin_nested(), refusing(session, refusals):
        yield
