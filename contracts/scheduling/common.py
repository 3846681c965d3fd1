"""Fields and views that several contracts of scheduling share."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from marshmallow import fields, validate

from chassis.contract import PageQuery, View
from contracts.audit import ADMINS, AuditPage, AuditQuery
from contracts.moments import in_utc
from contracts.roles import Role
from contracts.several import Several
from contracts.texts import VISIBLE

STATUSES = (
    "requested",
    "booked",
    "arrived",
    "in_progress",
    "fulfilled",
    "rejected",
    "expired",
    "cancelled",
    "no_show",
    "displaced",
)
DOCTOR = frozenset({Role.DOCTOR})


REASON = (validate.Length(1, 500), VISIBLE)
PLACE = (validate.Length(1, 100), VISIBLE)


class DayOrMoment(fields.Field[date | datetime]):
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


class Choices(Several):
    """One of a few words, or several with commas between them (`booked,arrived`)."""

    def __init__(self, choices: Sequence[str], **more: Any) -> None:
        rules, words = validate.Length(1, len(choices)), {"description": "One, or several with commas between them."}
        super().__init__(fields.String(validate=validate.OneOf(choices)), validate=rules, metadata=words, **more)


class OrderedQuery(PageQuery):
    """Base of the lists that are shown from either end."""

    order = fields.String(
        load_default="desc",
        validate=validate.OneOf(["desc", "asc"]),
        metadata={"description": "`desc`: latest first; `asc`: earliest first. A cursor is of one order."},
    )


class TimedQuery(OrderedQuery):
    """Base of the lists by when something begins. Invalid: `from` is later than `to`."""

    from_ = DayOrMoment(load_default=None, data_key="from")
    to = DayOrMoment(
        load_default=None,
        metadata={"description": "A day is the hospital's, and taken whole; a moment is exclusive."},
    )


class DoctorView(View):
    """A doctor in the directory."""

    id = fields.UUID()
    name = fields.String()
    specialization = fields.String()


class ListAudit(AuditQuery):
    """What was done in scheduling."""

    service, roles, returns = "scheduling", ADMINS, AuditPage
