"""Amounts of money as text. Amounts are whole minor units; ISO 4217 defines the digits of each currency."""

from decimal import Decimal

USUAL_DIGITS = 2
# ISO 4217, list one: currencies whose minor unit is not a hundredth.
UNITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
TEN_THOUSANDTHS = "CLF UYW"
DIGITS = {
    code: digits for digits, codes in ((0, UNITS), (3, THOUSANDTHS), (4, TEN_THOUSANDTHS)) for code in codes.split()
}


def exact(amount_minor: int, currency: str) -> Decimal:
    """Return an amount in whole units, with the digits of its currency: `Decimal("1280.50")`."""
    return Decimal(amount_minor).scaleb(-DIGITS.get(currency, USUAL_DIGITS))


def in_words(amount_minor: int, currency: str) -> str:
    """Format an amount in minor units: `1,280.50 EUR`, `5,000 JPY`, `1.250 KWD`."""
    digits = DIGITS.get(currency, USUAL_DIGITS)
    return f"{Decimal(amount_minor).scaleb(-digits):,.{digits}f} {currency}"
