"""Fixtures of billing's tests: settings, and databases in which a test may commit."""

from collections.abc import Callable

import pytest

from chassis import config
from chassis.persistence.database import Database
from tests.billing.factories import settings
from tests.databases import KINDS


@pytest.fixture(autouse=True)
def hospital(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the settings of a hospital in Berlin with the sandbox."""
    monkeypatch.setattr(config, "_current", settings())


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, copies: Callable[[str, str], Database]) -> Database:
    """Return a new database, for tests that commit."""
    return copies("billing", request.param)
