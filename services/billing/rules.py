"""Pure rules of billing: prices, totals, balances and the status of invoices. Money is in minor units."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.billing.invoices import InvoiceStatus
from contracts.billing.payments import MORE_THAN_OPEN, NOTHING_TO_PAY


class Dated(Protocol):
    """A price in a currency, valid from a day on."""

    currency: str
    valid_from: date


class Charged(Protocol):
    """A line of an invoice. The price is None while it is unknown."""

    quantity: int
    unit_price_minor: int | None


DatedPrice = TypeVar("DatedPrice", bound=Dated)


class Balance(NamedTuple):
    """The ledger's sums for an invoice, in minor units."""

    charged: int
    credited: int
    reversed: int = 0
    """The part of the charge that was reversed."""

    @property
    def open_minor(self) -> int:
        """Return the amount that is still owed. It is negative after an overpayment."""
        return self.charged - self.reversed - self.credited

    @property
    def refund_minor(self) -> int:
        """Return the amount to pay back."""
        return max(0, -self.open_minor)


def normal_code(code: str) -> str:
    """Return a code in lower case with single spaces, because people type specializations by hand."""
    return " ".join(code.lower().split())


def consultation_code(specialization: str) -> str:
    """Return the code of a visit to a doctor of this specialization."""
    return normal_code(f"consultation:{specialization.strip()}")


def medicine_code(item_id: UUID) -> str:
    """Return the code of a unit of an item of the inventory."""
    return f"medicine:{item_id}"


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day of a time on the hospital's clock."""
    return moment.astimezone(zone).date()


def price_on(prices: Iterable[DatedPrice], day: date, currency: str) -> DatedPrice | None:
    """Return the newest of a code's prices that is valid on a day, or None."""
    valid = [price for price in prices if price.valid_from <= day and price.currency == currency]
    return max(valid, key=lambda price: price.valid_from, default=None)


def total_of(lines: Iterable[Charged]) -> int:
    """Return the sum of the lines. A held line counts nothing yet."""
    return sum(line.quantity * (line.unit_price_minor or 0) for line in lines)


def status_of(issued_at: datetime | None, balance: Balance, undone_at: datetime | None = None) -> InvoiceStatus:
    """Derive the status of an invoice from its ledger. An invoice over nothing is paid.

    An undone invoice without payments is void.
    """
    if undone_at is not None and not balance.credited:
        return InvoiceStatus.VOID
    if issued_at is None:
        return InvoiceStatus.DRAFT
    if balance.credited >= balance.charged:
        return InvoiceStatus.PAID
    return InvoiceStatus.PART_PAID if balance.credited else InvoiceStatus.ISSUED


def amount_to_pay(balance: Balance, wanted: int | None) -> int:
    """Return the amount of a payment: the wanted part, or the whole open amount."""
    if balance.open_minor <= 0:
        raise NOTHING_TO_PAY()
    if wanted is not None and wanted > balance.open_minor:
        raise MORE_THAN_OPEN(open_minor=balance.open_minor)
    return balance.open_minor if wanted is None else wanted
