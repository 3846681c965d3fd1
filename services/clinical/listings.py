"""Lists of clinical: the part of a list between two days or moments."""

from datetime import date, datetime, time, timedelta

from chassis import config
from chassis.persistence.listing import Window
from chassis.refusals import WRONG_FIELDS
from contracts.ranges import TimedQuery


def window_of(query: TimedQuery) -> Window:
    """Return the part of a list that a query asks for. A day is a day in the hospital's zone. Refuses an empty part."""
    since = _first_of(query.from_)
    until = _first_of(query.to if isinstance(query.to, datetime) or query.to is None else query.to + timedelta(days=1))
    if since is not None and until is not None and until < since:
        raise WRONG_FIELDS(errors={"to": ["Must not be earlier than `from`."]})
    return Window(query.limit, query.cursor, query.order, since, until)


def _first_of(value: date | datetime | None) -> datetime | None:
    """Return the moment, or the first moment of the day."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), config.current().hospital_timezone)
