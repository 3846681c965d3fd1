"""What all tests of clinical share: the hospital's settings, and databases that a test may really write to."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chassis import config
from chassis.persistence.database import Database
from matron.migrations import migrate
from tests.databases import KINDS
from tests.ward import settings


@pytest.fixture(autouse=True)
def hospital(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a hospital in Auckland, where a day begins long before it does in UTC."""
    monkeypatch.setattr(
        config, "_current", settings(hospital_timezone=ZoneInfo("Pacific/Auckland"), mfa_required_roles=frozenset())
    )


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of the test's own without tables."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    url = server.create_database("clinical") if server else f"sqlite:///{tmp_path}/clinical.db"
    database = Database(url)
    yield database
    database.close()
    if server:
        server.drop(url)


@pytest.fixture
def fresh(empty: Database) -> Database:
    """A database of the test's own, for what must commit."""
    migrate("clinical", empty)
    return empty
