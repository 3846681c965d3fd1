"""Fixtures of all tests of scheduling: settings, databases and the clock."""

from collections.abc import Callable

import pytest

from chassis import clock, config
from chassis.execution import run, waits
from chassis.persistence.database import Database
from tests.databases import KINDS
from tests.scheduling.factories import BERLIN, SetClock
from tests.ward import settings


@pytest.fixture(autouse=True)
def hospital_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of a hospital in Berlin. No request waits for an event, because no service sends any."""
    monkeypatch.setattr(config, "_current", settings(hospital_timezone=BERLIN))
    monkeypatch.setattr(waits, "SECONDS", 0.0)


@pytest.fixture(params=KINDS)
def fresh_database(request: pytest.FixtureRequest, copies: Callable[[str, str], Database]) -> Database:
    """An own database for a test that commits."""
    return copies("scheduling", request.param)


@pytest.fixture
def deadlocks_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try each transaction once, so a deadlock fails the test instead of being retried."""
    monkeypatch.setattr(run, "TRIES", 1)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Set the clock to a moment; it stands still from then on."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)
