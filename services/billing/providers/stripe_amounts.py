"""Amounts at Stripe. Stripe counts most currencies in the minor units of ISO 4217, and some otherwise.

Source: https://docs.stripe.com/currencies, sections on zero-decimal and three-decimal currencies and special cases.
"""

from contracts import money

UNITS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905  a list of 15 is longer
THOUSANDTHS = ("BHD", "JOD", "KWD", "OMR", "TND")
WHOLE_HUNDREDTHS = ("ISK", "UGX")
"""Stripe counts these currencies in hundredths, and accepts only whole units: 5 ISK is 500."""
HUNDREDTHS_DIGITS, THOUSANDTHS_DIGITS = 2, 3
TEN = 10
"""Stripe accepts amounts in thousandths only as multiples of ten."""


class InexactAmountError(ValueError):
    """Stripe has no number for this amount."""


def to_stripe(amount_minor: int, currency: str) -> int:
    """Return an amount in minor units of ISO 4217 as Stripe counts it. Raises `InexactAmountError`."""
    amount = _rescale(amount_minor, _iso_digits(currency), _digits(currency), currency)
    if currency in THOUSANDTHS and amount % TEN:
        raise InexactAmountError(f"Stripe takes {currency} only in hundredths")
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """Return an amount of Stripe in minor units of ISO 4217. The currency has capitals. Raises `InexactAmountError`."""
    return _rescale(amount, _digits(currency), _iso_digits(currency), currency)


def _iso_digits(currency: str) -> int:
    return money.DIGITS.get(currency, money.USUAL_DIGITS)


def _digits(currency: str) -> int:
    """Return the decimal digits at Stripe. Stripe has none of the other currencies with unusual digits."""
    if currency in UNITS:
        return 0
    if currency in THOUSANDTHS:
        return THOUSANDTHS_DIGITS
    if currency not in WHOLE_HUNDREDTHS and _iso_digits(currency) != HUNDREDTHS_DIGITS:
        raise InexactAmountError(f"Stripe does not take {currency}")
    return HUNDREDTHS_DIGITS


def _rescale(amount: int, from_digits: int, to_digits: int, currency: str) -> int:
    if to_digits >= from_digits:
        return int(amount * 10 ** (to_digits - from_digits))
    scaled, rest = divmod(amount, 10 ** (from_digits - to_digits))
    if rest:
        raise InexactAmountError(f"Stripe takes {currency} only in larger units")
    return int(scaled)
