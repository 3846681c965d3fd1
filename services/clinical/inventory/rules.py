"""Pure rules of the inventory: which batches are dispensed, when stock is low, and keys of items."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

EXPIRING_WITHIN = timedelta(days=60)
"""The time before the expiry of a batch from which it is announced."""
LONGEST_SHELF_LIFE = timedelta(days=20 * 366)
"""No medicine keeps longer: a later expiry date is a mistyped year."""


class Stock(NamedTuple):
    """The stock of a batch."""

    batch_id: UUID
    batch: str
    expires_on: date
    quantity: int


def earliest_first(batches: Iterable[Stock], quantity: int, today: date) -> list[Stock]:
    """Return what to take from each batch: up to `quantity`, earliest expiry first, nothing from expired batches."""
    taken, left = list[Stock](), quantity
    for stock in sorted(batches, key=lambda one: (one.expires_on, one.batch)):
        part = min(left, stock.quantity)
        if part > 0 and not is_expired(stock.expires_on, today):
            taken.append(stock._replace(quantity=part))
            left -= part
    return taken


def is_expired(expires_on: date, today: date) -> bool:
    """Return whether a batch may no longer be dispensed. On its expiry date it still may."""
    return expires_on < today


def is_credible_expiry(expires_on: date, today: date) -> bool:
    """Return whether a batch may have this expiry date."""
    return abs(expires_on - today) <= LONGEST_SHELF_LIFE


def is_low(usable: int, reorder_level: int | None) -> bool:
    """Return whether the usable stock is below the reorder level."""
    return reorder_level is not None and usable < reorder_level


def is_overdue(next_service_on: date | None, today: date) -> bool:
    """Return whether the date of a service has passed."""
    return next_service_on is not None and next_service_on < today


def serial_key(serial_number: str) -> str:
    """Return a serial number without case and blanks: `SN 12-a` and `sn12-A` are the same device."""
    return "".join(serial_number.casefold().split())


def search_key(name: str, *more: str | None) -> str:
    """Return the text without case, in which lists search and by which they are ordered."""
    return "\n".join([name, *(text for text in more if text is not None)]).casefold()[:500]
