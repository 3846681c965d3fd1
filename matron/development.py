"""Help for those who change Matron."""

import tempfile
from pathlib import Path

from chassis.persistence.database import Database
from matron.migrations import migrate
from matron.migrations import write_migration as write


def write_migration(service: str, message: str) -> Path:
    """Write a service's next migration, by comparing its tables with an empty database that was migrated so far."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/{service}.db")
        migrate(service, database)
        path = write(service, database, message)
        database.close()
        return path
