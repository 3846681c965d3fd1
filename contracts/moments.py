"""Moments of facts that two services may change."""

from datetime import datetime, timedelta


def later_than(before: datetime | None, now: datetime) -> datetime:
    """The moment at which such a fact is changed: now, or just after the change that is known before.

    So the newest change wins everywhere, also when the clock of one machine is behind.
    """
    return now if before is None else max(now, before + timedelta(microseconds=1))
