"""What an operator is told when a setting is right in form and wrong in fact: one line, which names the setting."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError

from chassis.config import Config, ConfigError
from chassis.errors import MatronError, Unavailable
from chassis.persistence import tables
from chassis.persistence.database import Database
from gateway.server.addresses import family_of
from matron.services import tables_of

NO_TABLE = ("42P01", "no such table")
"""As PostgreSQL and as SQLite say it."""


def check_keys(config: Config, process: str) -> None:
    """`ConfigError` when the keys are missing that this process verifies tokens with, or signs them with."""
    if not config.jwks_file.is_file():
        raise ConfigError(f"JWKS_FILE: there is no file {config.jwks_file}: make it with `matron keys`")
    if process == "auth":
        check_signing(config)


def check_signing(config: Config) -> None:
    """`ConfigError` when there is no key to sign with."""
    if not any(config.signing_keys.glob("*.pem")):
        raise ConfigError(f"SIGNING_KEYS: there is no key in {config.signing_keys}: make it with `matron keys`")


@contextmanager
def with_database(service: str) -> Iterator[None]:
    """`ConfigError` when the database of this service cannot be used as it is. The server's words hold no password."""
    name = f"{service.upper()}_DATABASE_URL"
    try:
        yield
    except Unavailable:
        raise ConfigError(f"{name}: the database cannot be reached") from None
    except DBAPIError as error:
        said = str(error.orig).strip().partition("\n")[0]
        if getattr(error.orig, "sqlstate", None) == NO_TABLE[0] or NO_TABLE[1] in said:
            raise ConfigError(f"{name}: the database has no tables yet: run `matron migrate {service}`") from None
        if isinstance(error, OperationalError):
            raise ConfigError(f"{name}: {said}") from None
        raise


def check_tables(config: Config, service: str) -> None:
    """`ConfigError` when a service's database has not been migrated for this code. One that is away may come back."""
    with closing(Database(config.database_url(service))) as database:
        try:
            revision = revision_of(service, database)
        except OperationalError:
            return
    _check_age(service, revision)


@contextmanager
def opened(service: str, url: str) -> Iterator[Database]:
    """A service's database, migrated for this code or a newer one. `ConfigError` when it is not, or is away."""
    with closing(Database(url)) as database:
        with with_database(service):
            _check_age(service, revision_of(service, database))
        yield database


def _check_age(service: str, revision: str) -> None:
    """`ConfigError` when a database is older than this code. A newer one is right: an update may be undone."""
    if revision < newest(service):
        cure = f"run `matron migrate {service}`, or `matron run` if it is in a folder of that"
        raise ConfigError(f"{service.upper()}_DATABASE_URL: the database is older than this Matron: {cure}")


def revision_of(service: str, database: Database) -> str:
    """The revision that a service's database has; empty when it has no tables. `ConfigError` when it is another's."""
    with database.engine.connect() as connection:
        found = set(inspect(connection).get_table_names())
        has_any = "alembic_version" in found
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if has_any else ""
    own = set(tables_of(service).tables)
    if own - found and found - own - set(tables.metadata.tables) - {"alembic_version"}:
        raise ConfigError(f"{service.upper()}_DATABASE_URL: this is not the database of {service}: it has other tables")
    return str(revision or "")


def newest(service: str) -> str:
    """The revision of the newest migration that this code has."""
    folder = Path(str(import_module(f"services.{service}").__file__)).parent / "migrations"
    return max(path.name.partition("_")[0] for path in folder.glob("[0-9]*.py"))


def check_port(config: Config) -> None:
    """`ConfigError` when somebody else listens where the gateway is to listen."""
    with with_port("HTTP_PORT", config.http_port):
        socket.create_server((config.http_host, config.http_port), family=family_of(config.http_host)).close()


@contextmanager
def with_port(name: str, port: int) -> Iterator[None]:
    """`ConfigError` when this port cannot be listened on."""
    try:
        yield
    except OSError as error:
        known = error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL)
        if not known and not isinstance(error, socket.gaierror):
            raise
        raise ConfigError(f"{name}: port {port} cannot be used: {error.strerror}") from None


def sentence(error: MatronError) -> str:
    """A refusal as one line, with the fields that it is about."""
    wrong = error.facts.get("errors")
    if not isinstance(wrong, dict):
        return error.detail
    return "; ".join(f"{name}: {_words(messages)}" for name, messages in wrong.items())


def _words(messages: object) -> str:
    return " ".join(map(str, messages)) if isinstance(messages, list) else str(messages)
