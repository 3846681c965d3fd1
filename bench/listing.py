"""`python -m bench.listing`: compare the time of a list with 10,000 and with 1,000,000 appointments.

Each database runs the service's own use case, in turn. With 1,000,000 rows a list may take at most twice as long as
with 10,000.
"""

import chassis  # noqa: F401  # isort: skip  # First of all: it makes the process green.

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from chassis import config
from chassis.persistence.database import Database, Session
from matron.migrations import migrate
from tests.scheduling import bulk_appointments
from tests.servers import PostgreSQL, Unavailable, find_postgresql, private_postgresql
from tests.ward import settings

FEW, MANY = 10_000, 1_000_000
ROUNDS, WARM_UP = 200, 20
LIMIT = 2.0
EXPLAINED = ("busy doctor", "busy doctor, half-way", "busy doctor, a rare state")


def main() -> int:
    """Fill, measure, print; return 0 if no list takes more than twice as long."""
    config.use(settings())
    try:
        with ExitStack() as stack:
            given = "TEST_DATABASE_URL" in os.environ
            server = stack.enter_context(find_postgresql() if given else private_postgresql())
            few, many = (stack.enter_context(_filled(server, visits)) for visits in (FEW, MANY))
            return _measure(few, many)
    except Unavailable as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1


@contextmanager
def _filled(server: PostgreSQL, visits: int) -> Iterator[Session]:
    """Yield a session on a separate database with this many appointments."""
    url, began = server.create_database("bench_listing"), time.monotonic()
    database = Database(url)
    try:
        migrate("scheduling", database)
        bulk_appointments.fill(database, visits)
        print(f"bench: {visits:,} appointments written in {time.monotonic() - began:.1f} s", flush=True)
        with database.read() as session:
            yield session
    finally:
        database.close()
        server.drop(url)


def _measure(few: Session, many: Session) -> int:
    """Measure each list in both databases, in turn; return the exit code."""
    asked = [bulk_appointments.named_lists(session, visits) for session, visits in ((few, FEW), (many, MANY))]
    print(f"\nmedian of {ROUNDS} lists of 20 in milliseconds, in the service\n")
    print(f"{'list':<36} {FEW:>10,} {MANY:>10,}   ratio   pages read")
    ratios = {name: _compared(name, (few, asked[0][name]), (many, asked[1][name])) for name in asked[0]}
    for name in EXPLAINED:
        print(f"\nEXPLAIN, {MANY:,} appointments: {name}\n{bulk_appointments.explain(many, asked[1][name]).plan}")
    name, worst = max(ratios.items(), key=lambda pair: pair[1])
    print(f"\nthe largest ratio is {worst:.2f} ({name}); the limit is {LIMIT}")
    return 0 if worst <= LIMIT else 1


def _compared(
    name: str, few: tuple[Session, bulk_appointments.Filters], many: tuple[Session, bulk_appointments.Filters]
) -> float:
    """Print a line of the table and return the ratio. Turns alternate, so that noise affects both alike."""
    times: tuple[list[float], list[float]] = [], []
    for _ in range(ROUNDS + WARM_UP):
        for kept, one in zip(times, (few, many), strict=True):
            began = time.perf_counter()
            bulk_appointments.list_page(*one)
            kept.append(1000 * (time.perf_counter() - began))
    short, long = (median(kept[WARM_UP:]) for kept in times)
    pages = [bulk_appointments.explain(*one).buffers for one in (few, many)]
    print(f"{name:<36} {short:10.2f} {long:10.2f} {long / short:7.2f}   {pages[0]} and {pages[1]}")
    return long / short


if __name__ == "__main__":
    sys.exit(main())
