"""Amounts at Stripe are exact, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import money
from services.billing.providers import stripe_amounts
from services.billing.providers.stripe_amounts import InexactAmountError, from_stripe, to_stripe

CURRENCIES = [*money.DIGITS, *stripe_amounts.UNITS, *stripe_amounts.THOUSANDTHS, "EUR", "HUF", "NGN", "TWD", "USD"]


@pytest.mark.parametrize(
    ("amount_minor", "currency", "amount"),
    [(1250, "EUR", 1250), (500, "JPY", 500), (1250, "KWD", 1250), (5, "ISK", 500), (5, "UGX", 500), (500, "MGA", 5)],
)
def test_amount_is_counted_as_stripe_documents(amount_minor: int, currency: str, amount: int) -> None:
    assert to_stripe(amount_minor, currency) == amount
    assert from_stripe(amount, currency) == amount_minor


@pytest.mark.parametrize(("amount_minor", "currency"), [(1255, "KWD"), (501, "MGA"), (100, "CLF"), (100, "IQD")])
def test_amount_is_refused_when_stripe_has_no_number(amount_minor: int, currency: str) -> None:
    with pytest.raises(InexactAmountError, match=currency):
        to_stripe(amount_minor, currency)


def test_amount_of_stripe_is_refused_when_it_is_a_fraction() -> None:
    with pytest.raises(InexactAmountError):
        from_stripe(550, "ISK")


@given(amount_minor=st.integers(1, 99_999_999), currency=st.sampled_from(CURRENCIES))
def test_amount_comes_back_unchanged_or_is_refused(amount_minor: int, currency: str) -> None:
    try:
        amount = to_stripe(amount_minor, currency)
    except InexactAmountError:
        return
    assert from_stripe(amount, currency) == amount_minor


@given(amount_minor=st.integers(1, 99_999_999))
def test_amount_in_thousandths_is_accepted_only_in_tens(amount_minor: int) -> None:
    if amount_minor % 10:
        with pytest.raises(InexactAmountError):
            to_stripe(amount_minor, "BHD")
    else:
        assert to_stripe(amount_minor, "BHD") == amount_minor
