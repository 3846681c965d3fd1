"""Pure rules of prescriptions: fills, the time of the next fill, and the expected end of a course.

A prescribed medicine has one fill and its refills. Each fill has the prescribed quantity and lasts for the prescribed
days. A fill may be dispensed in parts.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

USED_UP = 3, 4
"""The part of a fill's days after which the next fill may be dispensed, so that no patient runs out of a medicine."""


class Course(NamedTuple):
    """The state of a course of a medicine: the dispensed quantity, the time of the next fill, the expected end."""

    dispensed: int
    opens_at: datetime | None
    ends_at: datetime


def allowed(quantity: int, refills: int) -> int:
    """Return the quantity of all fills together."""
    return quantity * (1 + refills)


def before_fills(quantity: int, days: int, refills: int, now: datetime) -> Course:
    """Return the course of a medicine that was prescribed now."""
    return Course(0, now, _end(quantity, days, allowed(quantity, refills), 0, now))


def after_fill(quantity: int, days: int, most: int, dispensed: int, now: datetime) -> Course:
    """Return the course after the last part of `dispensed`, of at most `most`. An unfinished fill stays open."""
    opens_at: datetime | None = now
    if dispensed >= most:
        opens_at = None
    elif dispensed % quantity == 0:
        part, whole = USED_UP
        opens_at = now + timedelta(days=days) * part / whole
    return Course(dispensed, opens_at, _end(quantity, days, most, dispensed, now))


def _end(quantity: int, days: int, most: int, dispensed: int, now: datetime) -> datetime:
    """Return the end of a course that goes on with each fill in time: the last fill lasts from now on."""
    fills = dispensed // quantity
    ahead = most // quantity - fills + (1 if fills else 0)
    return now + ahead * timedelta(days=days)


def fills_left(quantity: int, most: int, dispensed: int) -> int:
    """Return the fills that may still be dispensed, an unfinished one included."""
    return -((dispensed - most) // quantity)


def has_refills(quantity: int, most: int, dispensed: int) -> bool:
    """Return whether something was dispensed, and a further fill was not started."""
    return dispensed > 0 and most - dispensed >= quantity


def left_of_fill(quantity: int, most: int, dispensed: int) -> int:
    """Return the quantity that is left of the current fill, or of the next one."""
    return min(quantity - dispensed % quantity, most - dispensed)


class Fill(NamedTuple):
    """The fills that a prescription still owes: quantity and days of each, and refills after the first."""

    quantity: int
    days: int
    refills: int


def owed(quantity: int, days: int, most: int, dispensed: int) -> Fill | None:
    """Return what a prescription that renews this one takes over, or None if nothing is left.

    These are the fills that were not started. The rest of an unfinished fill counts only if no other fill is left.
    """
    fills, rest = divmod(most - dispensed, quantity)
    if fills:
        return Fill(quantity, days, fills - 1)
    return Fill(rest, max(1, days * rest // quantity), 0) if rest else None
