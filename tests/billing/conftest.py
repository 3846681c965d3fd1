"""Fixtures of billing's tests: settings, and databases in which a test may commit."""

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
    """Use the settings of a hospital in Berlin with the sandbox."""
    monkeypatch.setattr(config, "_current", settings())


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield a new database, for tests that commit."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    url = server.create_database("billing") if server else f"sqlite:///{tmp_path}/billing.db"
    database = Database(url)
    migrate("billing", database)
    yield database
    database.close()
    if server:
        server.drop(url)
