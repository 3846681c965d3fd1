"""Fixtures of all tests of scheduling: settings, databases and the clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import clock, config
from chassis.execution import run, waits
from chassis.persistence.database import Database
from matron.migrations import migrate
from tests.databases import KINDS
from tests.scheduling.factories import BERLIN, SetClock
from tests.ward import settings


@pytest.fixture(autouse=True)
def hospital_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of a hospital in Berlin. No request waits for an event, because no service sends any."""
    monkeypatch.setattr(config, "_current", settings(hospital_timezone=BERLIN))
    monkeypatch.setattr(waits, "SECONDS", 0.0)


@pytest.fixture(params=KINDS)
def fresh_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An own database for a test that commits."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    url = server.create_database("scheduling") if server else f"sqlite:///{tmp_path}/scheduling.db"
    database = Database(url)
    migrate("scheduling", database)
    yield database
    database.close()
    if server:
        server.drop(url)


@pytest.fixture
def deadlocks_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try each transaction once, so a deadlock fails the test instead of being retried."""
    monkeypatch.setattr(run, "TRIES", 1)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Set the clock to a moment; it stands still from then on."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)
