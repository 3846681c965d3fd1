"""A connection to PostgreSQL for green threads, which sends several statements together.

psycopg waits for its socket in C, or with a new selector for each wait. Here each wait goes through eventlet's hub.
psycopg looks up host names by `socket.getaddrinfo` and gives libpq the addresses: see `transports.names`.

Sending dominates the cost of a small transaction: a system call, and two wake-ups, of the server's process and of ours.
psycopg sends BEGIN, each statement and COMMIT separately. So does its pipeline, though without waiting.
Here BEGIN waits for the first statement. A statement given to `later` waits for the next one, or for COMMIT.
"""

from collections.abc import Generator, Sequence
from typing import Any, cast

import psycopg
from eventlet.hubs import trampoline
from psycopg import generators, waiting
from psycopg.pq import ConnStatus, TransactionStatus

REACH_TRIES = 8
"""Checks of 0.1 s each, after which an address counts as unreachable."""


class Together(psycopg.Pipeline):
    """Statements that are sent to the server together."""

    begun = False
    """Whether the statements include BEGIN."""

    def _communicate_gen(self) -> Generator[Any, Any, None]:
        """Send nothing yet."""
        yield from ()

    def _sync_gen(self) -> Generator[Any, Any, None]:
        """Wait for nothing yet."""
        yield from ()

    def all(self) -> Generator[Any, Any, None]:
        """Send all statements, then read all replies. Raises the first error."""
        self._enqueue_sync()
        while self.command_queue:
            self.command_queue.popleft()()
        yield from generators.send(self.pgconn)
        yield from self._fetch_gen(flush=False)


class GreenCursor(psycopg.Cursor[Any]):
    """The cursor of a `GreenConnection`."""

    _conn: "GreenConnection"

    def _execute_gen(self, *args: Any, **options: Any) -> Generator[Any, Any, None]:
        """Execute, together with the waiting statements."""
        if self._conn.begins():
            self._conn.gather()
        yield from super()._execute_gen(*args, **options)
        yield from self._conn.send_gathered()

    def executemany(self, *args: Any, **options: Any) -> None:
        """Execute many times, after the waiting statements."""
        self._conn.wait(self._conn.send_gathered())
        super().executemany(*args, **options)

    def queue(self, query: str, params: Sequence[Any]) -> None:
        """Add a statement to those that wait for the next one."""
        self._conn.gather()
        self._conn.wait(super()._execute_gen(query, params))


class Silent(psycopg.OperationalError):
    """The server was silent for so long that the connection must be dead."""


class GreenConnection(psycopg.Connection[Any]):
    """A connection to PostgreSQL that waits in eventlet's hub."""

    silent_seconds: float | None = None
    """Limit of the server's silence. None: no limit."""

    @classmethod
    def connect(cls, *args: Any, **options: Any) -> "GreenConnection":
        """Connect."""
        return super().connect(*args, cursor_factory=GreenCursor, **options)

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Generator[Any, Any, "GreenConnection"]:
        """Connect. Give up early on an address without reply, such as that of a removed container."""
        connecting, tries = super()._connect_gen(conninfo), 0
        waits_for = next(connecting)
        while not (ready := (yield waits_for)):
            tries += 1
            if tries >= REACH_TRIES:
                connecting.close()
                raise psycopg.errors.ConnectionTimeout("the address does not answer")
        while True:
            try:
                ready = yield connecting.send(ready)
            except StopIteration as end:
                return cast("GreenConnection", end.value)

    def later(self, query: str, params: Sequence[Any] = ()) -> None:
        """Execute together with the next statement or COMMIT, which raises the error. The reply is dropped."""
        GreenCursor(self).queue(query, params)

    def begins(self) -> bool:
        """Whether the next statement is the first of a transaction."""
        return not self._autocommit and self.pgconn.transaction_status == TransactionStatus.IDLE

    def gather(self) -> None:
        """Send nothing until `send_gathered`."""
        if self._pipeline is None:
            self.pgconn.enter_pipeline_mode()
            self._pipeline = Together(self)

    def send_gathered(self) -> Generator[Any, Any, None]:
        """Send the gathered statements, if any, and read the replies."""
        if isinstance(self._pipeline, Together):
            gathered, self._pipeline = self._pipeline, None
            try:
                yield from gathered.all()
            finally:
                self._leave_pipeline()

    def _leave_pipeline(self) -> None:
        try:
            if self.pgconn.status != ConnStatus.BAD:
                self.pgconn.exit_pipeline_mode()
        except psycopg.OperationalError:
            self.pgconn.finish()  # Sending stopped in the middle: the replies of the server are unpredictable.

    def _start_query(self) -> Generator[Any, Any, None]:
        """BEGIN, unless it is gathered already."""
        gathered = self._pipeline
        if isinstance(gathered, Together):
            if gathered.begun:
                return
            gathered.begun = True
        yield from super()._start_query()

    def _commit_gen(self) -> Generator[Any, Any, None]:
        if isinstance(self._pipeline, Together):
            yield from self._exec_command(b"COMMIT")
            try:
                yield from self.send_gathered()
            except psycopg.Error:
                # PostgreSQL ends the transaction when COMMIT fails, and SQLAlchemy relies on that.
                if self.pgconn.status != ConnStatus.BAD:
                    yield from super()._rollback_gen()
                raise
        else:
            yield from super()._commit_gen()

    def _rollback_gen(self) -> Generator[Any, Any, None]:
        if isinstance(self._pipeline, Together):
            self._pipeline = None  # Unsent statements need no rollback.
            self._leave_pipeline()
        yield from super()._rollback_gen()

    def wait(self, gen: Any, interval: float = 0.0, timeout: float | None = None) -> Any:  # noqa: ARG002  psycopg's signature
        """Run a generator of psycopg to its end. Other green threads run while it waits."""
        try:
            state, fileno = next(gen), self.pgconn.socket
            while True:
                if state == waiting.WAIT_RW:
                    # A large statement fills the send buffer. This is rare, so psycopg's own wait is good enough.
                    return _resume(gen, fileno, self.silent_seconds)
                reads, writes = state == waiting.WAIT_R, state == waiting.WAIT_W
                trampoline(fileno, read=reads, write=writes, timeout=self.silent_seconds, timeout_exc=Silent)
                state = gen.send(waiting.READY_R if state == waiting.WAIT_R else waiting.READY_W)
        except StopIteration as end:
            return end.value
        except BaseException as error:
            if isinstance(error, Silent) or not isinstance(error, psycopg.Error):
                # After a time-out or a kill, a late reply would be read as the next one.
                self.pgconn.finish()
            raise


def _resume(gen: Any, fileno: int, seconds: float | None) -> Any:
    def rest() -> Generator[Any, Any, Any]:
        state = waiting.WAIT_RW
        while True:
            ready = yield state
            try:
                state = gen.send(ready)
            except StopIteration as end:
                return end.value

    try:
        return waiting.wait_selector(rest(), fileno, interval=1.0, timeout=seconds)
    except psycopg.errors._WaitTimeout:  # noqa: SLF001  psycopg has no public name for it
        raise Silent from None
