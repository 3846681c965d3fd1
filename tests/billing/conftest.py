"""What all tests of billing share: the hospital's settings, and databases that a test may really write to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import config
from chassis.persistence.database import Database
from matron.migrations import migrate
from tests.billing.factories import settings
from tests.databases import KINDS


@pytest.fixture(autouse=True)
def hospital(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a hospital in Berlin that offers the sandbox."""
    monkeypatch.setattr(config, "_current", settings())


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of the test's own, for what must commit."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    url = server.create_database("billing") if server else f"sqlite:///{tmp_path}/billing.db"
    database = Database(url)
    migrate("billing", database)
    yield database
    database.close()
    if server:
        server.drop(url)
