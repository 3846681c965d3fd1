"""Checks of settings that are well formed but wrong. The error is one line that names the setting."""

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
"""The error of PostgreSQL (code) and of SQLite (text)."""


def check_keys(config: Config, process: str) -> None:
    """`ConfigError` if a key is missing that this process needs to verify or to sign tokens."""
    if not config.jwks_file.is_file():
        raise ConfigError(f"JWKS_FILE: there is no file {config.jwks_file}: create it with `matron keys`")
    if process == "auth":
        check_signing(config)


def check_signing(config: Config) -> None:
    """`ConfigError` if there is no signing key."""
    if not any(config.signing_keys.glob("*.pem")):
        raise ConfigError(f"SIGNING_KEYS: there is no key in {config.signing_keys}: create it with `matron keys`")


@contextmanager
def with_database(service: str) -> Iterator[None]:
    """Turn errors of a service's database into `ConfigError`. The text of the server contains no password."""
    name = f"{service.upper()}_DATABASE_URL"
    try:
        yield
    except Unavailable:
        raise ConfigError(f"{name}: the database cannot be reached") from None
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        if getattr(error.orig, "sqlstate", None) == NO_TABLE[0] or NO_TABLE[1] in reason:
            raise ConfigError(f"{name}: the database has no tables yet: run `matron migrate {service}`") from None
        if isinstance(error, OperationalError):
            raise ConfigError(f"{name}: {reason}") from None
        raise


def check_tables(config: Config, service: str) -> None:
    """`ConfigError` if a database is not migrated for this version. An unreachable database passes: it may return."""
    with closing(Database(config.database_url(service))) as database:
        try:
            revision = revision_of(service, database)
        except OperationalError:
            return
    _check_age(service, revision)


@contextmanager
def opened(service: str, url: str) -> Iterator[Database]:
    """Open the database of a service. `ConfigError` if it is unreachable, or older than this version."""
    with closing(Database(url)) as database:
        with with_database(service):
            _check_age(service, revision_of(service, database))
        yield database


def _check_age(service: str, revision: str) -> None:
    """`ConfigError` if a database is older than this version. A newer one passes: an operator may undo an update."""
    if revision < newest(service):
        cure = f"run `matron migrate {service}`, or `matron run` if the database is in its folder"
        raise ConfigError(f"{service.upper()}_DATABASE_URL: the database is older than this Matron: {cure}")


def revision_of(service: str, database: Database) -> str:
    """The revision of a service's database, or '' without tables. `ConfigError` if it belongs to another service."""
    with database.engine.connect() as connection:
        found = set(inspect(connection).get_table_names())
        has_any = "alembic_version" in found
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if has_any else ""
    own = set(tables_of(service).tables)
    if own - found and found - own - set(tables.metadata.tables) - {"alembic_version"}:
        raise ConfigError(f"{service.upper()}_DATABASE_URL: this is not the database of {service}: it has other tables")
    return str(revision or "")


def newest(service: str) -> str:
    """The revision of the newest migration in the code."""
    folder = Path(str(import_module(f"services.{service}").__file__)).parent / "migrations"
    return max(path.name.partition("_")[0] for path in folder.glob("[0-9]*.py"))


def check_port(config: Config) -> None:
    """`ConfigError` if the gateway cannot listen on its port."""
    with with_port("HTTP_PORT", config.http_port):
        socket.create_server((config.http_host, config.http_port), family=family_of(config.http_host)).close()


@contextmanager
def with_port(name: str, port: int) -> Iterator[None]:
    """Turn the error of a port in use, or not allowed, into `ConfigError`."""
    try:
        yield
    except OSError as error:
        known = error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL)
        if not known and not isinstance(error, socket.gaierror):
            raise
        raise ConfigError(f"{name}: port {port} cannot be used: {error.strerror}") from None


def sentence(error: MatronError) -> str:
    """A refusal as one line, with the messages of each field."""
    wrong = error.facts.get("errors")
    if not isinstance(wrong, dict):
        return error.detail
    return "; ".join(f"{name}: {_words(messages)}" for name, messages in wrong.items())


def _words(messages: object) -> str:
    return " ".join(map(str, messages)) if isinstance(messages, list) else str(messages)
