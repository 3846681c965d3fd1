"""Days of the hospital, by which lists are asked for: from its first moment, and to its last."""

from datetime import date, datetime, time, timedelta

from chassis import config
from chassis.refusals import WRONG_FIELDS


def first_of(value: date | datetime) -> datetime:
    """A moment as it is; a day from its first moment."""
    return value if isinstance(value, datetime) else _midnight(value)


def end_of(value: date | datetime) -> datetime:
    """A moment as it is; a day taken whole, to the first moment of the next. What begins then is after it."""
    return value if isinstance(value, datetime) else _midnight(value + timedelta(days=1))


def span(from_: date | datetime | None, to: date | datetime | None) -> dict[str, datetime | None]:
    """What a list is bounded by: at `since` or later, and before `until`."""
    since = None if from_ is None else first_of(from_)
    until = None if to is None else end_of(to)
    if since is not None and until is not None and (until < since or (until == since and not isinstance(to, datetime))):
        errors = {"to": ["Must not be earlier than `from`."]}
        raise WRONG_FIELDS(errors=errors)
    return {"since": since, "until": until}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), config.current().hospital_timezone)
