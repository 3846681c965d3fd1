"""Days of the hospital, by which lists are asked for: from its first moment, and to its last."""

from datetime import date, datetime, time, timedelta

from chassis import config


def first_of(value: date | datetime) -> datetime:
    """A moment as it is; a day from its first moment."""
    return value if isinstance(value, datetime) else _midnight(value)


def end_of(value: date | datetime) -> datetime:
    """A moment as it is; a day taken whole, to the first moment of the next. What begins then is after it."""
    return value if isinstance(value, datetime) else _midnight(value + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), config.current().hospital_timezone)
