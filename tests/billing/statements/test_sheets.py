"""Statements as CSV."""

import pytest

from services.billing.statements.sheets import harmless


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"])
def test_text_that_looks_like_a_formula_is_quoted(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Visit", "1 = 1", "", "Ọ̀ṣun"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
