"""Fields and views that several contracts of scheduling share."""

from datetime import date, datetime
from typing import Any

from marshmallow import fields, validate

from chassis.contract import View
from contracts.audit import ADMINS, AuditPage, AuditQuery
from contracts.roles import Role

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
REASON = validate.Length(1, 500)
PLACE = validate.Length(1, 100)


class DayOrMoment(fields.Field[date | datetime]):
    """A day of the hospital (`2026-11-23`), or a moment with its zone (`2026-11-23T09:00:00Z`)."""

    default_error_messages = {"invalid": "Not a day, and not a moment with its zone."}

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> date | datetime:
        try:
            if len(value) == len("2026-11-23"):
                return self._near(date.fromisoformat(value))
            # In a URL, a plus sign that was not escaped arrives as a space.
            moment = datetime.fromisoformat(value.replace(" ", "+"))
        except (ValueError, TypeError, AttributeError):
            raise self.make_error("invalid") from None
        if moment.tzinfo is None:
            raise self.make_error("invalid")
        return self._near(moment)

    def _near(self, value: date) -> date:
        """Not so near an end of the calendar that a day more, or another zone, would be beyond it."""
        if not date.min.year < value.year < date.max.year:
            raise self.make_error("invalid")
        return value


class DoctorView(View):
    """A doctor in the directory."""

    id = fields.UUID()
    name = fields.String()
    specialization = fields.String()


class ListAudit(AuditQuery):
    """What was done in scheduling."""

    service, roles, returns = "scheduling", ADMINS, AuditPage
