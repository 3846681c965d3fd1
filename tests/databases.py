"""Databases for tests of use cases, migrated once a run, on SQLite and PostgreSQL.

Each test is rolled back. A test that commits has a copy of the migrated database: a migration takes a second.
"""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import make_url

from chassis.persistence.database import Database, Session
from matron.migrations import migrate

KINDS = [pytest.param("sqlite", id="sqlite"), pytest.param("postgresql", id="postgresql", marks=pytest.mark.servers)]


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, str], Database]]:
    """`databases(service, kind)`: a migrated database, created at its first use."""
    folder, opened = tmp_path_factory.mktemp("databases"), list[Database]()

    @cache
    def get(service: str, kind: str) -> Database:
        url = _sqlite(folder, service) if kind == "sqlite" else _postgresql(request, service)
        database = Database(url)
        migrate(service, database)
        opened.append(database)
        return database

    yield get
    for database in opened:
        database.close()


def _sqlite(folder: Path, service: str) -> str:
    return f"sqlite:///{folder}/{service}.db"


def _postgresql(request: pytest.FixtureRequest, service: str) -> str:
    url: str = request.getfixturevalue("postgresql").create_database(f"use_cases_{service}")
    return url


@pytest.fixture(scope="session")
def templates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], str]:
    """`templates(service, kind)`: the address of a migrated database that no test opens."""
    folder = tmp_path_factory.mktemp("templates")

    @cache
    def get(service: str, kind: str) -> str:
        url = _sqlite(folder, service) if kind == "sqlite" else _postgresql(request, service)
        database = Database(url)
        migrate(service, database)
        database.close()
        return url

    return get


RACERS = 60
"""Connections of a copy: a race of 50 transactions must not wait for a connection on a busy machine."""


@pytest.fixture
def copies(
    request: pytest.FixtureRequest, templates: Callable[[str, str], str], tmp_path: Path
) -> Iterator[Callable[[str, str], Database]]:
    """`copies(service, kind)`: a migrated database for this test only."""
    opened = list[tuple[str, str, Database]]()

    def get(service: str, kind: str) -> Database:
        template = templates(service, kind)
        url = _copied_file(template, tmp_path) if kind == "sqlite" else _copied_database(request, template)
        opened.append((kind, url, Database(url, pool_size=RACERS)))
        return opened[-1][-1]

    yield get
    for kind, url, database in opened:
        database.close()
        if kind != "sqlite":
            request.getfixturevalue("postgresql").drop(url)


def _copied_file(template: str, folder: Path) -> str:
    source = Path(str(make_url(template).database))
    return f"sqlite:///{shutil.copy(source, folder / source.name)}"


def _copied_database(request: pytest.FixtureRequest, template: str) -> str:
    name = str(make_url(template).database)
    url: str = request.getfixturevalue("postgresql").create_database("copy", template=name)
    return url


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, databases: Callable[[str, str], Database]) -> Database:
    """The database of the service whose name is that of the test's folder below tests/."""
    service = Path(str(request.path)).relative_to(Path(__file__).parent).parts[0]
    return databases(service, request.param)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session in a transaction that is rolled back."""
    with Session(database.engine, expire_on_commit=False) as session:
        session.begin()
        yield session
        session.rollback()
