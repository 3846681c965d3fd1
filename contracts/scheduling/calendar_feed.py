"""A personal calendar feed for calendar programs (iCalendar, RFC 5545), behind a revocable link."""

from typing import Annotated, Literal

from marshmallow import validate

from chassis.contract import ANYONE, Command, Query, View
from chassis.refusals import BUSY
from contracts.roles import ANY_ROLE
from contracts.scheduling.refusals import NO_SUCH_CALENDAR
from records.fields import Facts


class CalendarLinkView(View):
    """The link to a person's calendar feed. Anyone with the link can read the feed until the link ends."""

    url: Annotated[
        str, Facts(example="https://hospital.example/api/users/me/calendar.ics?token=q0Zb7r1TnU0gq7m1C3E2yA")
    ]


class CalendarView(View):
    """A calendar as text."""

    text: str


class CalendarEndedView(View):
    """The state of the link."""

    status: Literal["ended"]


class MakeCalendarLink(Command, service="scheduling", roles=ANY_ROLE, returns=CalendarLinkView, keyed=False):
    """Create the link to the caller's calendar feed of appointments and shifts. An earlier link ends."""


class EndCalendarLink(Command, service="scheduling", roles=ANY_ROLE, returns=CalendarEndedView, keyed=False):
    """End the link to the caller's calendar feed. Repeating the call ends a newer link as well."""


class GetCalendar(
    Query,
    service="scheduling",
    roles=ANYONE,
    returns=CalendarView,
    refuses=(NO_SUCH_CALENDAR, BUSY),
):
    """Get the calendar behind a link: from 30 days ago to 366 days ahead, without patient names and reasons."""

    token: Annotated[str, validate.Length(1, 200), "The token in the link."]
