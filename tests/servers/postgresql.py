"""PostgreSQL for tests: a server, and a fresh database for each test."""

from __future__ import annotations

import os
import secrets
import shlex
import signal
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL, make_url

from tests.servers import programs
from tests.servers.containers import Container
from tests.servers.hosts import Elsewhere, Local
from tests.servers.processes import Folder, Program, Unavailable, free_ports
from tests.servers.server import Server

if TYPE_CHECKING:
    from tests.servers.hosts import Host

IMAGE = "postgres:17-alpine"
PACKAGE = "postgresql"
USER = "matron"
PORT = 5432
SETTINGS = ("max_connections=300",)
# A shared test server may lose its data with the machine. A server that tests kill may not.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")

SUITABILITY = """
    SELECT (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user),
           EXISTS (SELECT FROM pg_available_extensions WHERE name = 'btree_gist')
"""


class PostgreSQL(Server):
    """A server. ``url`` is its first database, which tests leave alone; ``create_database`` makes fresh ones."""

    name = "PostgreSQL"

    def __init__(self, host: Host, *, user: str, password: str, port: int, database: str = "postgres") -> None:
        super().__init__(host)
        self._user, self._password = user, password
        self._port, self._database = port, database

    @property
    def url(self) -> str:
        """The address of the database that was there from the start."""
        return self._url(self._database)

    def create_database(self, prefix: str = "test", *, template: str = "template0") -> str:
        """Create a database with a random name, empty or as a copy of another, and return its address."""
        name = f"{prefix}_{secrets.token_hex(6)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self._url(name)

    def drop(self, url: str) -> None:
        """Remove a database of ``create_database``, also while clients are connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def _url(self, database: str) -> str:
        address = URL.create(
            "postgresql+psycopg", self._user, self._password, self._host.address(), self._port, database
        )
        return address.render_as_string(hide_password=False)

    def _execute(self, statement: str) -> Any:
        # Imported late: `chassis` must set PSYCOPG_WAIT_FUNC before psycopg is imported.
        import psycopg

        with psycopg.connect(
            host=self._host.address(), port=self._port, user=self._user, password=self._password,
            dbname=self._database, connect_timeout=3, autocommit=True,
        ) as connection:  # fmt: skip
            cursor = connection.execute(statement)
            return cursor.fetchone() if cursor.description else None

    def _ask(self) -> None:
        may_create, has_btree_gist = self._execute(SUITABILITY)
        if not may_create:
            raise Unavailable("its account may not create databases")
        if not has_btree_gist:
            raise Unavailable("it lacks the extension btree_gist, which is in PostgreSQL's contrib package")


def given(url: str) -> PostgreSQL:
    """Return the server at this address, whose account must have the right to create databases."""
    parts = make_url(url)
    return PostgreSQL(
        Elsewhere(parts.host or "127.0.0.1"), user=parts.username or USER, password=str(parts.password or ""),
        port=parts.port or PORT, database=parts.database or "postgres",
    )  # fmt: skip


def contained(*, durable: bool) -> PostgreSQL:
    """Return a server in a container."""
    (port,) = free_ports(1)
    password = secrets.token_hex(8)
    container = Container(
        IMAGE,
        ports={PORT: port},
        env={"POSTGRES_USER": USER, "POSTGRES_PASSWORD": password, "POSTGRES_DB": "postgres"},
        command=["postgres", *_settings(durable=durable)],
    )
    return PostgreSQL(container, user=USER, password=password, port=port)


def installed(*, durable: bool) -> PostgreSQL:
    """Return a server made of the programs on this machine."""
    initdb, postgres = programs.find("initdb"), programs.find("postgres")
    account = programs.unprivileged("postgres", "nobody")
    (port,) = free_ports(1)
    password = secrets.token_hex(8)
    folder = Folder("postgresql", owner=account)
    password_file = folder.write("password", password)
    data = folder.path / "data"
    fixed = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
    making = [
        initdb, "-D", data, "-U", USER, "-A", "scram-sha-256", "--pwfile", password_file,
        "-E", "UTF8", "--no-sync", "--no-instructions",
    ]  # fmt: skip
    running = [postgres, "-D", data, *_settings(*fixed, durable=durable)]
    # A shell creates the data, if missing, and becomes the server, so that the caller need not wait for the data.
    script = f"test -f {data}/PG_VERSION || {_words(making)} && exec {_words(running)}"

    def begin() -> Program:
        return Program(["/bin/sh", "-c", script], log=folder.path / "postgresql.log", env=_environment(), user=account)

    return PostgreSQL(Local(folder, begin, quitting=signal.SIGINT), user=USER, password=password, port=port)


def packaged(*, durable: bool) -> PostgreSQL:
    """Return a server made of Debian's package, installed now."""
    programs.install(PACKAGE, "postgres")
    return installed(durable=durable)


def _settings(*more: str, durable: bool) -> list[str]:
    chosen = (*SETTINGS, *more, *(() if durable else CARELESS))
    return [word for setting in chosen for word in ("-c", setting)]


def _words(command: list[Any]) -> str:
    return shlex.join(str(each) for each in command)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
