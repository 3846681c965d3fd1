"""Pure rules of care relations: the period in which the doctor of a visit treats the patient."""

from datetime import datetime, timedelta
from typing import NamedTuple

AFTER_VISIT = timedelta(days=30)
"""The time after a visit in which its doctor still treats the patient, for results and questions."""


class Period(NamedTuple):
    """A period of time. Its start belongs to it, its end does not."""

    from_: datetime
    until: datetime


def care_of_visit(starts_at: datetime, ends_at: datetime, met_at: datetime | None = None) -> Period:
    """Return the period of a confirmed visit: from its start until 30 days after its end.

    If doctor and patient met earlier than planned, the period lasts for 30 days from that time. If they met later, it
    lasts until 30 days after that time.
    """
    if met_at is not None and met_at < starts_at:
        return Period(met_at, met_at + AFTER_VISIT)
    return Period(starts_at, max(ends_at, met_at or ends_at) + AFTER_VISIT)


def no_care(ended_at: datetime) -> Period:
    """Return the shortest possible period, which is over at this time: the period of a visit that does not happen."""
    return Period(ended_at - timedelta(microseconds=1), ended_at)
