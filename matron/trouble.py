"""What an operator is told when a setting is right in form and wrong in fact: one line, which names the setting."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from chassis.config import Config, ConfigError
from chassis.errors import MatronError, Unavailable

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


def check_port(config: Config) -> None:
    """`ConfigError` when somebody else listens where the gateway is to listen."""
    with with_port("HTTP_PORT", config.http_port):
        socket.create_server((config.http_host, config.http_port)).close()


@contextmanager
def with_port(name: str, port: int) -> Iterator[None]:
    """`ConfigError` when this port cannot be listened on."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
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
