"""Times of changes to facts that two services may change."""

from datetime import datetime, timedelta


def later_than(before: datetime | None, now: datetime) -> datetime:
    """The time of a change: now, or a microsecond after the previous known change if that is later.

    So the newest change wins in every service, even when the clock of a machine is behind.
    """
    return now if before is None else max(now, before + timedelta(microseconds=1))
