"""Times of day, and lists by when something begins."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from marshmallow import fields

from chassis.contract import PageQuery
from records.fields import Key, in_utc

HourMinute = partial(fields.Time, format="%H:%M")


class DayOrMomentField(fields.Field[date | datetime]):
    """A day of the hospital (`2026-11-23`), or a moment with its zone (`2026-11-23T09:00:00Z`)."""

    json_schema: ClassVar = {"anyOf": [{"type": "string", "format": one} for one in ("date", "date-time")]}
    default_error_messages = {"invalid": "Not a day, and not a moment with its zone."}

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> date | datetime:
        try:
            if len(value) == len("2026-11-23"):
                return self._near(date.fromisoformat(value))
            # In a URL, a plus sign that was not escaped arrives as a space.
            return self._near(in_utc(datetime.fromisoformat(value.replace(" ", "+"))))
        except (ValueError, TypeError, AttributeError):
            raise self.make_error("invalid") from None

    def _near(self, value: date) -> date:
        """Not so near an end of the calendar that a day more, or another zone, would be beyond it."""
        if not date.min.year < value.year < date.max.year:
            raise self.make_error("invalid")
        return value


DayOrMoment = Annotated[date | datetime, DayOrMomentField]


class OrderedQuery(PageQuery):
    """Base of the lists that are shown from either end."""

    order: Annotated[
        Literal["desc", "asc"], "`desc`: latest first; `asc`: earliest first. A cursor is of one order."
    ] = "desc"


class TimedQuery(OrderedQuery):
    """Base of the lists by when something begins."""

    from_: Annotated[DayOrMoment, Key("from")] | None = None
    to: Annotated[DayOrMoment, "A day is the hospital's, and taken whole; a moment is exclusive."] | None = None
