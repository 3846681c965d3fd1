"""Text on invoices."""

import pytest

from services.billing.papers.invoices import rate


@pytest.mark.parametrize(("basis_points", "shown"), [(0, "0 %"), (750, "7.5 %"), (1900, "19 %"), (1, "0.01 %")])
def test_rate_is_shown_in_percent(basis_points: int, shown: str) -> None:
    assert rate(basis_points) == shown
