"""Times of day, and queries by start time."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, ClassVar, Literal

from marshmallow import fields

from chassis.contract import PageQuery
from records.fields import Key, in_utc

HourMinute = partial(fields.Time, format="%H:%M")


class DayOrMomentField(fields.Field[date | datetime]):
    """A date in the hospital's zone (`2026-11-23`), or a time with its zone (`2026-11-23T09:00:00Z`)."""

    json_schema: ClassVar = {"anyOf": [{"type": "string", "format": name} for name in ("date", "date-time")]}
    default_error_messages = {"invalid": "Neither a date nor a time with its zone."}

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> date | datetime:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            if len(value) == len("2026-11-23"):
                return self._near(date.fromisoformat(value))
            # In a URL, a plus sign that was not escaped arrives as a space.
            return self._near(in_utc(datetime.fromisoformat(value.replace(" ", "+"))))
        except ValueError:
            raise self.make_error("invalid") from None

    def _near(self, value: date) -> date:
        """Refuse the first and the last year of the calendar: another day or zone would be out of its range."""
        if not date.min.year < value.year < date.max.year:
            raise self.make_error("invalid")
        return value


DayOrMoment = Annotated[date | datetime, DayOrMomentField]


class OrderedQuery(PageQuery):
    """Base of queries that sort in either order."""

    order: Annotated[
        Literal["desc", "asc"], "`desc`: latest first; `asc`: earliest first. A cursor belongs to its order."
    ] = "desc"


class TimedQuery(OrderedQuery):
    """Base of queries by start time."""

    from_: Annotated[DayOrMoment, Key("from")] | None = None
    to: Annotated[DayOrMoment, "A date is in the hospital's zone and included; a time is exclusive."] | None = None
