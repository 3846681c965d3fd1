"""One's own calendar as other programs read it (iCalendar, RFC 5545), by a link that can be taken back."""

from marshmallow import fields, validate

from chassis.contract import ANYONE, Command, Query, View
from contracts.roles import ANY_ROLE


class CalendarLinkView(View):
    """A link to one's own calendar. Whoever has it can read it; a new one, or ending it, makes it useless."""

    url = fields.String(
        metadata={"example": "https://hospital.example/api/users/me/calendar.ics?token=q0Zb7r1TnU0gq7m1C3E2yA"}
    )


class CalendarView(View):
    """A calendar as text."""

    text = fields.String()


class CalendarEndedView(View):
    """How the link stands now."""

    status = fields.String(validate=validate.OneOf(["ended"]))


class MakeCalendarLink(Command):
    """Get a link to one's own calendar of visits and shifts; an earlier one ends."""

    service, roles, returns, keyed = "scheduling", ANY_ROLE, CalendarLinkView, False


class EndCalendarLink(Command):
    """Make the link to one's own calendar useless. It is done each time: there may be a new one since."""

    service, roles, returns, keyed = "scheduling", ANY_ROLE, CalendarEndedView, False


class GetCalendar(Query):
    """The calendar behind a link: from 30 days ago to 366 days ahead, without names of patients or reasons.

    NotFound: `not_found`. Unavailable: `busy`.
    """

    service, roles, returns = "scheduling", ANYONE, CalendarView
    token = fields.String(required=True, validate=validate.Length(1, 200), metadata={"description": "As in the link."})
