"""Discounts: shares of lines, and their tax."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.corrections.discounts import Charge, percentage_of, shares_of
from services.billing.rules import tax_on

CHARGES = st.lists(st.builds(Charge, st.integers(0, 10**9), st.integers(0, 10_000)), min_size=1, max_size=8)


@given(charges=CHARGES.filter(lambda charges: sum(charge.net_minor for charge in charges) > 0), data=st.data())
def test_shares_add_up_to_the_discount_and_fit_their_lines(charges: list[Charge], data: st.DataObject) -> None:
    discount = data.draw(st.integers(1, sum(charge.net_minor for charge in charges)))
    shares = shares_of(discount, charges)
    assert sum(share.net_minor for share in shares) == discount
    assert all(0 <= share.net_minor <= charge.net_minor for share, charge in zip(shares, charges, strict=True))


@given(charge=st.builds(Charge, st.integers(0, 10**9), st.integers(0, 10_000)), data=st.data())
def test_tax_of_repeated_discounts_leaves_the_tax_on_the_rest(charge: Charge, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, charge.net_minor))
    second = data.draw(st.integers(0, charge.net_minor - first))
    rest = Charge(charge.net_minor - first, charge.tax_basis_points)
    credited = charge.less(first).tax_minor + rest.less(second).tax_minor
    left = tax_on(charge.net_minor - first - second, charge.tax_basis_points)
    assert tax_on(charge.net_minor, charge.tax_basis_points) - credited == left


def test_largest_remainder_gets_the_rest_of_a_discount() -> None:
    shares = shares_of(100, [Charge(1, 0), Charge(1, 0), Charge(1000, 0)])
    assert [share.net_minor for share in shares] == [0, 0, 100]
    assert [share.net_minor for share in shares_of(10, [Charge(100, 0)] * 3)] == [4, 3, 3]


@pytest.mark.parametrize(("net", "percent", "expected"), [(50, 1, 0), (150, 1, 2), (999, 10, 100), (7, 100, 7)])
def test_percentage_is_rounded_half_to_even(net: int, percent: int, expected: int) -> None:
    assert percentage_of(net, percent) == expected
