"""Databases for tests of use cases, migrated once a run, on SQLite and PostgreSQL. Each test is rolled back."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

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
