"""Fixtures of the tests of critical alerts."""

import pytest

from tests.clinical.critical_factories import Clock


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a clock that the test moves."""
    return Clock(monkeypatch)
