"""One's own calendar as other programs read it (iCalendar, RFC 5545), by a link that can be taken back."""

from typing import Annotated, Literal

from marshmallow import validate

from chassis.contract import ANYONE, Command, Query, View
from chassis.refusals import BUSY
from contracts.roles import ANY_ROLE
from contracts.scheduling.refusals import NO_SUCH_CALENDAR
from records.fields import Facts


class CalendarLinkView(View):
    """A link to one's own calendar. Whoever has it can read it; a new one, or ending it, makes it useless."""

    url: Annotated[
        str, Facts(example="https://hospital.example/api/users/me/calendar.ics?token=q0Zb7r1TnU0gq7m1C3E2yA")
    ]


class CalendarView(View):
    """A calendar as text."""

    text: str


class CalendarEndedView(View):
    """How the link stands now."""

    status: Literal["ended"]


class MakeCalendarLink(Command, service="scheduling", roles=ANY_ROLE, returns=CalendarLinkView, keyed=False):
    """Get a link to one's own calendar of visits and shifts; an earlier one ends."""


class EndCalendarLink(Command, service="scheduling", roles=ANY_ROLE, returns=CalendarEndedView, keyed=False):
    """Make the link to one's own calendar useless. It is done each time: there may be a new one since."""


class GetCalendar(
    Query,
    service="scheduling",
    roles=ANYONE,
    returns=CalendarView,
    refuses=(NO_SUCH_CALENDAR, BUSY),
):
    """The calendar behind a link: from 30 days ago to 366 days ahead, without names of patients or reasons."""

    token: Annotated[str, validate.Length(1, 200), "As in the link."]
