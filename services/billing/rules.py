"""Pure rules of billing: prices, totals, balances and the status of invoices. Money is in minor units."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.billing.invoices import InvoiceStatus
from contracts.billing.odd_payments import OddKind
from contracts.billing.payments import MORE_THAN_OPEN, NOTHING_TO_PAY


class Dated(Protocol):
    """A price in a currency, valid from a day on."""

    currency: str
    valid_from: date


class Charged(Protocol):
    """A line of an invoice. The price is None while it is unknown."""

    quantity: int
    unit_price_minor: int | None
    discount_minor: int
    tax_minor: int


BASIS = 10_000
"""Basis points in a whole."""


class Asked(Protocol):
    """The amount that a payer was asked for."""

    amount_minor: int
    currency: str


DatedPrice = TypeVar("DatedPrice", bound=Dated)
REMINDERS = (timedelta(days=7), timedelta(days=21))
"""The times of reminders after an invoice was due."""


class Balance(NamedTuple):
    """The ledger's sums for an invoice, in minor units: a sum of each `LedgerKind`."""

    charged: int = 0
    credited: int = 0
    reversed: int = 0
    discounted: int = 0
    written_off: int = 0
    refunded: int = 0
    returned: int = 0

    @property
    def owed_minor(self) -> int:
        """Return the charge that was not taken back."""
        return self.charged - self.reversed - self.discounted - self.written_off - self.returned

    @property
    def kept_minor(self) -> int:
        """Return the money that was received and not paid back."""
        return self.credited - self.refunded

    @property
    def open_minor(self) -> int:
        """Return the amount that is still to be paid. It is negative when money must be paid back."""
        return self.owed_minor - self.kept_minor

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


def lab_code(test: str) -> str:
    """Return the code of a laboratory test, which LOINC names."""
    return f"lab:{test.lower()}"


def is_consultation(code: str | None) -> bool:
    """Return whether a code is that of a visit. It is None while the doctor's specialization is unknown."""
    return code is None or code.startswith("consultation:")


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day of a time on the hospital's clock."""
    return moment.astimezone(zone).date()


def price_on(prices: Iterable[DatedPrice], day: date, currency: str) -> DatedPrice | None:
    """Return the newest of a code's prices that is valid on a day, or None."""
    valid = [price for price in prices if price.valid_from <= day and price.currency == currency]
    return max(valid, key=lambda price: price.valid_from, default=None)


def net_of(line: Charged) -> int:
    """Return the amount of a line before tax. A held line counts nothing yet."""
    return 0 if line.unit_price_minor is None else line.quantity * line.unit_price_minor - line.discount_minor


def tax_on(net_minor: int, basis_points: int) -> int:
    """Return the tax on an amount, rounded half to even."""
    whole, rest = divmod(net_minor * basis_points, BASIS)
    return whole + (2 * rest > BASIS or (2 * rest == BASIS and whole % 2 == 1))


def amount_of(line: Charged) -> int:
    """Return the amount of a line with tax."""
    return net_of(line) + line.tax_minor


def total_of(lines: Iterable[Charged]) -> int:
    """Return the sum of the lines with tax."""
    return sum(map(amount_of, lines))


def status_of(issued_at: datetime | None, balance: Balance, undone_at: datetime | None = None) -> InvoiceStatus:
    """Derive the status of an invoice from its ledger. An invoice over nothing is paid."""
    if undone_at is not None and not balance.credited:
        return InvoiceStatus.VOID
    if issued_at is None:
        return InvoiceStatus.DRAFT
    if undone_at is not None:
        return _status_of_undone(balance)
    if balance.open_minor > 0:
        return InvoiceStatus.PART_PAID if balance.kept_minor else InvoiceStatus.ISSUED
    if balance.written_off:
        return InvoiceStatus.WRITTEN_OFF
    return _status_of_refunded(balance) if balance.returned else InvoiceStatus.PAID


def _status_of_undone(balance: Balance) -> InvoiceStatus:
    """Return the status of an invoice with payments whose charge was taken back: it waits for refunds."""
    if balance.refunded:
        return _status_of_refunded(balance)
    is_paid = balance.credited >= balance.charged - balance.discounted
    return InvoiceStatus.PAID if is_paid else InvoiceStatus.PART_PAID


def _status_of_refunded(balance: Balance) -> InvoiceStatus:
    return InvoiceStatus.PART_REFUNDED if balance.kept_minor else InvoiceStatus.REFUNDED


def next_reminder(due_at: datetime, now: datetime) -> datetime | None:
    """Return the time of the next reminder, or None after the last."""
    return next((due_at + after for after in REMINDERS if due_at + after > now), None)


def amount_to_pay(balance: Balance, wanted: int | None) -> int:
    """Return the amount of a payment: the wanted part, or the whole open amount."""
    if balance.open_minor <= 0:
        raise NOTHING_TO_PAY()
    if wanted is not None and wanted > balance.open_minor:
        raise MORE_THAN_OPEN(open_minor=balance.open_minor)
    return balance.open_minor if wanted is None else wanted


def is_too_much(amount_minor: int, balance: Balance, undone_at: datetime | None) -> bool:
    """Return whether money is more than the open amount. All money for an undone invoice is taken, and paid back."""
    return undone_at is None and amount_minor > balance.open_minor


def oddity_of(
    asked: Asked, amount_minor: int | None, currency: str | None, balance: Balance, undone_at: datetime | None
) -> OddKind | None:
    """Return why received money does not fit, or None if it pays what was asked for."""
    if currency != asked.currency:
        return OddKind.WRONG_CURRENCY
    if amount_minor != asked.amount_minor:
        return OddKind.WRONG_AMOUNT
    return OddKind.OVERPAYMENT if is_too_much(asked.amount_minor, balance, undone_at) else None
