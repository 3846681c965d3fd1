"""Days of the hospital, by which lists are asked for: from its first moment, and to its last."""

from datetime import date, datetime, time, timedelta
from typing import Literal, Protocol

from chassis import config
from chassis.persistence.listing import Window
from chassis.refusals import WRONG_FIELDS


def first_of(value: date | datetime) -> datetime:
    """A moment as it is; a day from its first moment."""
    return value if isinstance(value, datetime) else _midnight(value)


def end_of(value: date | datetime) -> datetime:
    """A moment as it is; a day taken whole, to the first moment of the next. What begins then is after it."""
    return value if isinstance(value, datetime) else _midnight(value + timedelta(days=1))


def span(from_: date | datetime | None, to: date | datetime | None) -> tuple[datetime | None, datetime | None]:
    """The bounds of a list: a moment from which on, and a moment before which."""
    since = None if from_ is None else first_of(from_)
    until = None if to is None else end_of(to)
    if since is not None and until is not None and (until < since or (until == since and not isinstance(to, datetime))):
        errors = {"to": ["Must not be earlier than `from`."]}
        raise WRONG_FIELDS(errors=errors)
    return since, until


class Ranged(Protocol):
    """A query for a part of a list, by days or moments, from either end."""

    from_: date | datetime | None
    to: date | datetime | None
    order: Literal["asc", "desc"]
    limit: int
    cursor: str | None


def window_of(query: Ranged) -> Window:
    """The part of a list that a query asks for. Invalid: `to` is earlier than `from`."""
    return Window(query.limit, query.cursor, query.order, *span(query.from_, query.to))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), config.current().hospital_timezone)
