"""Rules of the chart that need nothing but their arguments."""

from datetime import datetime, timedelta
from typing import NamedTuple

AFTER_VISIT = timedelta(days=30)
"""How long after a visit its doctor still treats the patient: for results, and for questions afterwards."""


class Period(NamedTuple):
    """A span of time: from its first moment on, and until the first one after it."""

    from_: datetime
    until: datetime


def care_of_visit(starts_at: datetime, ends_at: datetime, met_at: datetime | None = None) -> Period:
    """When the doctor of a visit treats the patient: from its start until 30 days after its end.

    When they met at another time than agreed, that time counts too, since nobody writes a chart before it is open.
    """
    first, last = (starts_at, ends_at) if met_at is None else (min(starts_at, met_at), max(ends_at, met_at))
    return Period(first, last + AFTER_VISIT)
