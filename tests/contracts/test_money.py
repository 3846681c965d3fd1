"""Amounts of money are formatted alike everywhere, with the digits of their currency."""

import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import DIGITS, in_words
from gateway import pages
from services.notify import texts
from tests.guards.house import PRODUCT, python_files

EXAMPLES = [
    (8000, "EUR", "80.00 EUR"),
    (5, "EUR", "0.05 EUR"),
    (0, "EUR", "0.00 EUR"),
    (-1250, "EUR", "-12.50 EUR"),
    (123_456_789, "USD", "1,234,567.89 USD"),
    (5000, "JPY", "5,000 JPY"),
    (8000, "KWD", "8.000 KWD"),
    (12_345, "CLF", "1.2345 CLF"),
    (100_000_000_000_000_001, "EUR", "1,000,000,000,000,000.01 EUR"),
]


@pytest.mark.parametrize(("amount_minor", "currency", "words"), EXAMPLES)
def test_amount_has_the_digits_of_its_currency(amount_minor: int, currency: str, words: str) -> None:
    assert in_words(amount_minor, currency) == words


@given(amount=st.integers(-(10**15), 10**15), currency=st.sampled_from([*DIGITS, "EUR", "USD"]))
def test_amount_keeps_every_digit(amount: int, currency: str) -> None:
    assert int(re.sub(r"[., A-Z]", "", in_words(amount, currency))) == amount


@pytest.mark.parametrize(("amount_minor", "currency", "words"), EXAMPLES[:-1])
def test_amount_is_equal_on_the_checkout_page_and_in_the_notification(
    amount_minor: int, currency: str, words: str
) -> None:
    facts = {"amount_minor": amount_minor, "currency": currency}
    reply = orjson.dumps({**facts, "reference": "r", "status": "pending", "return_url": None})
    _status, _headers, page = pages._checkout(reply)
    assert f"<strong>{words}</strong>" in page.decode()
    assert texts.of_notification("payment_received", facts) == f"We received your payment of {words}."


def test_minor_units_are_formatted_only_by_contracts_money() -> None:
    found = [str(path) for path in python_files(*PRODUCT) if re.search(r"_minor\S*\s*/+\s*1\d*\b", path.read_text())]
    assert not found, f"{found}: a yen has no hundredths; use contracts.money"
