"""Pure rules of billing: which price counts, what an invoice comes to, how far it is paid. Money is in minor units."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from contracts.billing.payments import MORE_THAN_OPEN, NOTHING_TO_PAY


class Dated(Protocol):
    """A price in a currency, from a day on."""

    currency: str
    valid_from: date


class Charged(Protocol):
    """A line of an invoice; the price is None while it is not known."""

    quantity: int
    unit_price_minor: int | None


DatedPrice = TypeVar("DatedPrice", bound=Dated)


class Balance(NamedTuple):
    """What the ledger says of an invoice, in minor units."""

    charged: int
    credited: int
    reversed: int = 0
    """The part of the charge that was taken back."""

    @property
    def open_minor(self) -> int:
        """What is still to be paid; negative when more was paid than is owed."""
        return self.charged - self.reversed - self.credited

    @property
    def refund_minor(self) -> int:
        """What is to be paid back."""
        return max(0, -self.open_minor)


def normal_code(code: str) -> str:
    """A price's code without regard to case and spacing, since specializations are typed by people."""
    return " ".join(code.lower().split())


def consultation_code(specialization: str) -> str:
    """The code of a visit to a doctor of this specialization."""
    return normal_code(f"consultation:{specialization.strip()}")


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day in the hospital that a moment belongs to."""
    return moment.astimezone(zone).date()


def price_on(prices: Iterable[DatedPrice], day: date, currency: str) -> DatedPrice | None:
    """The price of one code that counts on a day: the latest that is valid by then; None when there is none."""
    valid = [price for price in prices if price.valid_from <= day and price.currency == currency]
    return max(valid, key=lambda price: price.valid_from, default=None)


def total_of(lines: Iterable[Charged]) -> int:
    """What the lines come to; a held one counts nothing yet."""
    return sum(line.quantity * (line.unit_price_minor or 0) for line in lines)


def status_of(issued_at: datetime | None, balance: Balance, undone_at: datetime | None = None) -> str:
    """How an invoice stands by the ledger: `draft`, `issued`, `part_paid` or `paid`. Nothing to pay is paid.

    An undone one is `void`, unless something was paid of it.
    """
    if undone_at is not None and not balance.credited:
        return "void"
    if issued_at is None:
        return "draft"
    if balance.credited >= balance.charged:
        return "paid"
    return "part_paid" if balance.credited else "issued"


def amount_to_pay(balance: Balance, wanted: int | None) -> int:
    """What a payment asks for: a part, or all that is open."""
    if balance.open_minor <= 0:
        raise NOTHING_TO_PAY()
    if wanted is not None and wanted > balance.open_minor:
        raise MORE_THAN_OPEN(open_minor=balance.open_minor)
    return balance.open_minor if wanted is None else wanted
