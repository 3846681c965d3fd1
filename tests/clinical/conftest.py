"""Fixtures of clinical's tests: settings, and databases in which a test may commit."""

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chassis import config
from chassis.persistence.database import Database
from tests.databases import KINDS
from tests.ward import settings


@pytest.fixture(autouse=True)
def hospital(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the settings of a hospital in Auckland, where a day starts long before the day in UTC."""
    monkeypatch.setattr(
        config, "_current", settings(hospital_timezone=ZoneInfo("Pacific/Auckland"), mfa_required_roles=frozenset())
    )


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield a new database without tables."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    url = server.create_database("clinical") if server else f"sqlite:///{tmp_path}/clinical.db"
    database = Database(url)
    yield database
    database.close()
    if server:
        server.drop(url)


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, copies: Callable[[str, str], Database]) -> Database:
    """Return a new database, for tests that commit."""
    return copies("clinical", request.param)
