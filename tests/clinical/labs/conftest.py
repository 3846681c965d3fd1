"""Fixtures of the laboratory."""

import pytest

from services.clinical.settings import ClinicalSettings
from tests.settings import give_settings


@pytest.fixture
def two_persons(hospital: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Require a second technician for verification."""
    give_settings(monkeypatch, ClinicalSettings(lab_two_persons=True))
