"""Codes of pregnancy."""

import pytest

from services.clinical.conditions.rules import means_pregnancy


@pytest.mark.parametrize("code", ["O00.1", "O24.4", "O9A.2", "o80", "Z33", "Z33.1", "Z34.0", "Z35.9", "Z3A.20"])
def test_code_of_pregnancy_is_recognized(code: str) -> None:
    assert means_pregnancy(code)


@pytest.mark.parametrize("code", ["E11.9", "Z32.0", "Z36", "Z39.2", "Z30.0", "J45", None])
def test_other_code_means_no_pregnancy(code: str | None) -> None:
    assert not means_pregnancy(code)
