"""Fixtures of the laboratory."""

from dataclasses import replace

import pytest

from chassis import config


@pytest.fixture
def two_persons(hospital: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Require a second technician for verification."""
    monkeypatch.setattr(config, "_current", replace(config.current(), lab_two_persons=True))
