"""What all tests of scheduling share: the hospital's settings, and databases that a test may really write to."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from chassis import clock, config
from chassis.execution import waits
from chassis.persistence.database import Database
from matron.migrations import migrate
from tests.databases import KINDS
from tests.scheduling.factories import BERLIN
from tests.ward import settings


@pytest.fixture(autouse=True)
def hospital(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a hospital in Berlin, in which no request waits for events, since no service sends them."""
    monkeypatch.setattr(config, "_current", settings(hospital_timezone=BERLIN))
    monkeypatch.setattr(waits, "SECONDS", 0.0)


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of the test's own, for what must commit."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    url = server.create_database("scheduling") if server else f"sqlite:///{tmp_path}/scheduling.db"
    database = Database(url)
    migrate("scheduling", database)
    yield database
    database.close()
    if server:
        server.drop(url)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Let it be that moment."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)
