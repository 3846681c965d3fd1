"""How long one of the staff may work: pure rules about shifts."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

LONGEST = timedelta(hours=16)
"""How long a shift may be."""
MOST = timedelta(hours=60)
"""How much somebody may work in any 7 days."""
WEEK = timedelta(days=7)
"""Of 168 hours, whatever the clocks do."""


class Work(NamedTuple):
    """A time in which somebody works."""

    starts_at: datetime
    ends_at: datetime


def most_in_a_week(work: Work, others: Iterable[Work]) -> timedelta:
    """The most that somebody works in any 7 days that touch this shift, with all other shifts around it.

    While the 7 days move on, what is worked in them grows until a shift begins with them, or ends with them: only there
    can it be the most, besides the first and the last 7 days that touch the shift.
    """
    around = [work, *others]
    first, last = work.starts_at - WEEK, work.ends_at
    begin = {first, last, *(one.starts_at for one in around), *(one.ends_at - WEEK for one in around)}
    return max(_worked(around, start) for start in begin if first <= start <= last)


def _worked(around: Iterable[Work], start: datetime) -> timedelta:
    """How much is worked in the 7 days from this moment."""
    end = start + WEEK
    parts = (min(one.ends_at, end) - max(one.starts_at, start) for one in around)
    return sum((part for part in parts if part > timedelta(0)), timedelta(0))
