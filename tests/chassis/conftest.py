"""What tests of the chassis share: a database of the ward, of each kind, and what the ward does in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from chassis.persistence import tables
from chassis.persistence.database import Database
from tests import ward
from tests.databases import KINDS
from tests.tokens import Mint


@pytest.fixture(scope="session", params=KINDS)
def _ward_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").create_database("ward")
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('ward')}/ward.db"
    with ward.opened(url) as database:
        yield database


@pytest.fixture
def database(_ward_database: Database) -> Iterator[Database]:
    """The ward's database, empty, on SQLite and on PostgreSQL."""
    yield _ward_database
    with _ward_database.begin() as session:
        for table in (tables.outbox, tables.inbox, tables.idempotency, tables.audit, ward.Note, ward.Heard):
            session.execute(delete(table))
        session.execute(update(tables.relay).values(sent_through=0))


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database of the test's own."""
    with ward.opened(f"sqlite:///{tmp_path}/ward.db") as database:
        yield database


@pytest.fixture(autouse=True)
def steps(monkeypatch: pytest.MonkeyPatch) -> ward.Steps:
    """What the ward does besides its work."""
    for name, step in vars(ward.Steps()).items():
        monkeypatch.setattr(ward.STEPS, name, step)
    return ward.STEPS


@pytest.fixture
def mint(tmp_path: Path) -> Mint:
    """Whose tokens are believed."""
    return Mint(tmp_path / "jwks.json")
