"""A connection to PostgreSQL for green threads, which sends what needs no answer along with what does.

psycopg waits for its socket in C, or with a new selector for each wait; here each wait goes through eventlet's hub.
psycopg looks up host names itself, by `socket.getaddrinfo`, and gives libpq their addresses: see `transports.names`.

What costs a small transaction most is sending: a system call, the wake-up of the server's process, and of ours when it
answers. psycopg sends BEGIN, each statement and COMMIT by themselves, and so does its pipeline, if without waiting.
Here BEGIN waits for the first statement, and what is given to `later` for the next one, or for COMMIT.
"""

from collections.abc import Generator, Sequence
from typing import Any, cast

import psycopg
from eventlet.hubs import trampoline
from psycopg import generators, waiting
from psycopg.pq import ConnStatus, TransactionStatus

REACH_TRIES = 8
"""How often psycopg asks, each 0.1 s, whether an address takes the connection, before it counts as unreachable."""


class Together(psycopg.Pipeline):
    """Statements that go to the server in one piece."""

    begun = False
    """Whether BEGIN is among them."""

    def _communicate_gen(self) -> Generator[Any, Any, None]:
        """Send nothing yet."""
        yield from ()

    def _sync_gen(self) -> Generator[Any, Any, None]:
        """Wait for nothing yet."""
        yield from ()

    def all(self) -> Generator[Any, Any, None]:
        """Send all, then take all the answers; raises the first error among them."""
        self._enqueue_sync()
        while self.command_queue:
            self.command_queue.popleft()()
        yield from generators.send(self.pgconn)
        yield from self._fetch_gen(flush=False)


class GreenCursor(psycopg.Cursor[Any]):
    """A cursor of such a connection."""

    _conn: "GreenConnection"

    def _execute_gen(self, *args: Any, **options: Any) -> Generator[Any, Any, None]:
        """Execute, with what has been waiting for it."""
        if self._conn.begins():
            self._conn.gather()
        yield from super()._execute_gen(*args, **options)
        yield from self._conn.send_gathered()

    def executemany(self, *args: Any, **options: Any) -> None:
        """Execute often, after what has been waiting for it."""
        self._conn.wait(self._conn.send_gathered())
        super().executemany(*args, **options)

    def queue(self, query: str, params: Sequence[Any]) -> None:
        """Have this executed with whatever is executed next."""
        self._conn.gather()
        self._conn.wait(super()._execute_gen(query, params))


class Silent(psycopg.OperationalError):
    """The server has said nothing for so long that the connection cannot lead to it any more."""


class GreenConnection(psycopg.Connection[Any]):
    """A connection to PostgreSQL that waits in eventlet's hub."""

    silent_seconds: float | None = None
    """How long the server may say nothing; none is for ever."""

    @classmethod
    def connect(cls, *args: Any, **options: Any) -> "GreenConnection":
        """Connect."""
        return super().connect(*args, cursor_factory=GreenCursor, **options)

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Generator[Any, Any, "GreenConnection"]:
        """Connect; give up an address early that nothing answers from, such as that of a container that is gone."""
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
        """Execute this with the next statement or with COMMIT, which then raises its error. Its answer is not seen."""
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
        """Send what has been gathered, if anything, and take the answers."""
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
            self.pgconn.finish()  # Sending broke off in the middle: nobody knows what the server will answer.

    def _start_query(self) -> Generator[Any, Any, None]:
        """BEGIN, unless it has been gathered already."""
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
                # PostgreSQL leaves no transaction behind when COMMIT itself fails, and SQLAlchemy counts on that.
                if self.pgconn.status != ConnStatus.BAD:
                    yield from super()._rollback_gen()
                raise
        else:
            yield from super()._commit_gen()

    def _rollback_gen(self) -> Generator[Any, Any, None]:
        if isinstance(self._pipeline, Together):
            self._pipeline = None  # What has not been sent needs no rollback.
            self._leave_pipeline()
        yield from super()._rollback_gen()

    def wait(self, gen: Any, interval: float = 0.0, timeout: float | None = None) -> Any:  # noqa: ARG002  psycopg's signature
        """Run one of psycopg's generators to its end, letting other green threads run meanwhile."""
        try:
            state, fileno = next(gen), self.pgconn.socket
            while True:
                if state == waiting.WAIT_RW:
                    # The send buffer of a large statement is full: rare, so psycopg's own way will do.
                    return _resume(gen, fileno, self.silent_seconds)
                reads, writes = state == waiting.WAIT_R, state == waiting.WAIT_W
                trampoline(fileno, read=reads, write=writes, timeout=self.silent_seconds, timeout_exc=Silent)
                state = gen.send(waiting.READY_R if state == waiting.WAIT_R else waiting.READY_W)
        except StopIteration as end:
            return end.value
        except BaseException as error:
            if isinstance(error, Silent) or not isinstance(error, psycopg.Error):
                # A time-out or a kill: what the server still sends would be taken for the next answer.
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
    except psycopg.errors._WaitTimeout:  # noqa: SLF001  psycopg's own name for it
        raise Silent from None
