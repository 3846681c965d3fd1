"""Moments as commands take them: with a zone, whichever it is, and in UTC from then on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import fields


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. ValueError: it has no zone, or UTC has no date for it, at either end of the calendar."""
    if moment.tzinfo is None:
        raise ValueError("a moment has a zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("beyond the calendar") from None


def later_than(before: datetime | None, now: datetime) -> datetime:
    """When a fact that two services may change is changed: now, or a moment after the change that is known before.

    So the newest change wins everywhere, also when the clock of one machine is behind.
    """
    return now if before is None else max(now, before + timedelta(microseconds=1))


class Moment(fields.AwareDateTime):
    """A moment with its zone, such as `2026-11-23T10:00:00+01:00`: what is done with it and said of it is in UTC."""

    default_error_messages = dict.fromkeys(
        ("invalid", "invalid_awareness", "format"), "Not a moment with a zone, such as 2026-11-23T09:00:00Z."
    )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        try:
            return in_utc(moment)
        except ValueError:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None
