"""Flutterwave: amounts between minor units and major units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import DIGITS
from services.billing.providers import flutterwave, rest
from services.billing.providers.port import ProviderDownError

CURRENCIES = st.sampled_from(["USD", "NGN", *DIGITS])


@given(st.integers(0, 2**62), CURRENCIES)
def test_conversion_and_its_reverse_keep_the_amount(amount: int, currency: str) -> None:
    assert flutterwave.to_minor(str(flutterwave.to_major(amount, currency)), currency) == amount


@given(st.integers(0, 2**62), CURRENCIES)
def test_number_in_json_is_the_exact_amount(amount: int, currency: str) -> None:
    found = rest.parsed(b'{"a": %s}' % f"{flutterwave.to_major(amount, currency):f}".encode())["a"]
    assert Decimal(str(found)) == Decimal(amount) / 10 ** DIGITS.get(currency, 2)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.001", "USD"), ("100.5", "JPY"), ("NaN", "USD"), ("Infinity", "USD"), ("1e9999", "USD"), ("a", "USD")],
)
def test_amount_that_is_no_whole_number_of_minor_units_is_not_used(amount: str, currency: str) -> None:
    with pytest.raises(ProviderDownError):
        flutterwave.to_minor(amount, currency)
