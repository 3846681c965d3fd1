"""Database migrations by Alembic: one environment for all services, numbered files in each service."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import MetaData

from chassis.config import ConfigError
from chassis.persistence import tables
from chassis.persistence.database import Database
from matron.checks import newest
from matron.services import tables_of

if TYPE_CHECKING:
    from alembic.script import Script

ENVIRONMENT = Path(__file__).parent / "alembic"


def folder_of(service: str) -> Path:
    """The folder of a service's migrations."""
    module = import_module(f"services.{service}")
    return Path(str(module.__file__)).parent / "migrations"


def metadata_of(service: str) -> list[MetaData]:
    """The tables that the code of a service declares."""
    return [tables_of(service), tables.metadata]


@contextmanager
def _configured(service: str, database: Database) -> Iterator[AlembicConfig]:
    config = AlembicConfig()
    config.set_main_option("script_location", str(ENVIRONMENT).replace("%", "%%"))
    config.set_main_option("version_locations", str(folder_of(service)).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    with database.engine.connect() as connection:
        connection.detach()  # Its settings and its lock must not return to the pool.
        config.attributes.update(connection=connection, metadata=metadata_of(service))
        yield config


def migrate(service: str, database: Database) -> str:
    """Migrate a database to this version, and return its revision. A newer database stays unchanged.

    `ConfigError` if the revision of the database is unknown and not newer.
    """
    with _configured(service, database) as config:
        found = MigrationContext.configure(config.attributes["connection"]).get_current_revision() or ""
        config.attributes["connection"].rollback()  # Alembic begins its own transactions.
        if found > newest(service):
            return found
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigError(f"{service.upper()}_DATABASE_URL: {error}") from None
        return newest(service)


def write_migration(service: str, database: Database, message: str) -> Path:
    """Write the next numbered migration, from the difference between the models and the database."""
    with _configured(service, database) as config:
        number = len(list(folder_of(service).glob("[0-9]*.py"))) + 1
        made = command.revision(
            config, message, autogenerate=True, rev_id=f"{number:04}", version_path=str(folder_of(service))
        )
        script = cast("Script", made)  # Alembic declares several for a branch, which numbered files do not have.
        return Path(script.path)


def differences(service: str, database: Database) -> list[object]:
    """The differences between the models and a migrated database. Empty if no migration is missing."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return list(compare_metadata(context, metadata_of(service)))  # type: ignore[arg-type]  # alembic accepts several, but declares one
