"""Tools for exact moments: a lock that blocks a service, and many requests at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import make_url

from tests.faults.city import City
from tests.hospital import eventually

T = TypeVar("T")
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'
"""


@contextmanager
def held(city: City, service: str, statement: str) -> Iterator[None]:
    """Hold the locks of a statement in the database of a service."""
    url = make_url(city.database_urls[service]).set(drivername="postgresql")
    connection = psycopg.connect(url.render_as_string(hide_password=False))
    try:
        connection.execute(statement)
        yield
    finally:
        connection.close()  # This does not wait for the server, which may be stopped.


def wait_for_waiting(city: City, service: str, number: int = 1, *, seconds: float = 15.0) -> None:
    """Wait until `number` statements of a service wait for locks."""
    eventually(lambda: city.rows(service, WAITING)[0][0] >= number, seconds=seconds)


class Later(threading.Thread):
    """A call in the background. `result()` waits for it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.found: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Call the function."""
        try:
            self.found = self.work()
        except BaseException as error:  # noqa: BLE001  `result` raises it
            self.error = error

    def result(self) -> Any:
        """Wait for the result, or raise the error."""
        self.join()
        if self.error is not None:
            raise self.error
        return self.found


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """Call all functions at the same time, and return their results."""
    return [later.result() for later in [Later(work) for work in works]]
