"""The databases of a running hospital, for journeys that must wait for an event."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, text

from chassis.persistence.database import Database
from tests.hospital import Hospital


@contextmanager
def connected(hospital: Hospital, service: str) -> Iterator[Connection]:
    """A connection to the database of a service."""
    environments = [process.environment for process in hospital.processes.values()]
    name, embedded = f"{service.upper()}_DATABASE_URL", f"sqlite:///{hospital.folder}/{service}.db"
    database = Database(next((one[name] for one in environments if name in one), embedded))
    try:
        with database.autocommit() as connection:
            yield connection
    finally:
        database.close()


def auth_knows_as_open(hospital: Hospital, visits: Collection[str]) -> bool:
    """Return whether auth has received the events of all these visits.

    A request cannot ask this: auth deactivates or erases a doctor as long as it knows of no open visit.
    """
    with connected(hospital, "auth") as connection:
        known = connection.execute(text("SELECT appointment_id FROM open_visit WHERE is_open")).scalars()
        return set(visits) <= {str(UUID(str(visit))) for visit in known}
