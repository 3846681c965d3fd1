"""Commands for developers of Matron."""

import tempfile
from pathlib import Path

from chassis.persistence.database import Database
from matron.migrations import migrate
from matron.migrations import write_migration as write


def write_migration(service: str, message: str) -> Path:
    """Write the next migration of a service: compare its models with a database of all earlier migrations."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/{service}.db")
        migrate(service, database)
        path = write(service, database, message)
        database.close()
        return path
