"""Pure rules about working hours."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

LONGEST = timedelta(hours=16)
"""The longest shift."""
MOST = timedelta(hours=60)
"""The most work of a person in any 7 days."""
WEEK = timedelta(days=7)
"""168 hours, regardless of a change of the clocks."""


class Work(NamedTuple):
    """A time of work."""

    starts_at: datetime
    ends_at: datetime


def most_in_a_week(work: Work, others: Iterable[Work]) -> timedelta:
    """Return the longest work of a person in any 7 days that touch this shift.

    The sum grows while the 7 days move, until a shift begins at their start or ends at their end. So the maximum lies
    at one of these moments, or at the first or the last 7 days that touch the shift.
    """
    around = [work, *others]
    first, last = work.starts_at - WEEK, work.ends_at
    begin = {first, last, *(one.starts_at for one in around), *(one.ends_at - WEEK for one in around)}
    return max(_worked(around, start) for start in begin if first <= start <= last)


def _worked(around: Iterable[Work], start: datetime) -> timedelta:
    """Return the hours of work in the 7 days from `start`."""
    end = start + WEEK
    parts = (min(one.ends_at, end) - max(one.starts_at, start) for one in around)
    return sum((part for part in parts if part > timedelta(0)), timedelta(0))
