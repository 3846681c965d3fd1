"""Help to meet a moment: a lock that holds a service's work up, and many requests at once."""

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
    """Keep the locks that a statement takes in a service's database."""
    url = make_url(city.database_urls[service]).set(drivername="postgresql")
    connection = psycopg.connect(url.render_as_string(hide_password=False))
    try:
        connection.execute(statement)
        yield
    finally:
        connection.close()  # Which waits for nobody: the server may be gone by now.


def wait_for_waiting(city: City, service: str, number: int = 1) -> None:
    """Return when so many statements of a service wait for locks."""
    eventually(lambda: city.rows(service, WAITING)[0][0] >= number)


class Later(threading.Thread):
    """Something that is done meanwhile; `result()` waits for it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.found: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Do it."""
        try:
            self.found = self.work()
        except BaseException as error:  # noqa: BLE001  it is raised where the result is wanted
            self.error = error

    def result(self) -> Any:
        """What came of it."""
        self.join()
        if self.error is not None:
            raise self.error
        return self.found


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of these at the same time; their results."""
    return [later.result() for later in [Later(work) for work in works]]
