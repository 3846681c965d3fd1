"""The cash drawer: each person closes the own cash once a day, and counts it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, Query, View, page_of
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.audit import ADMINS
from contracts.roles import DESK

DRAWER_CLOSED = Refusal(
    Conflict,
    "drawer_closed",
    "You have closed your cash drawer today.",
    "The caller has closed the cash drawer today. Later cash of the day belongs to the next closing.",
)
MOST = 100_000_000_000
EXPECTED = "Cash payments since the last closing, less the cash refunds that the person requested. It may be negative."


class CashDrawerView(View):
    """The cash of the caller since the last closing."""

    day: Annotated[date, "Today in the hospital's time zone."]
    expected_minor: Annotated[int, EXPECTED]
    currency: str
    payments: Annotated[int, "The number of cash payments."]
    is_closed: Annotated[bool, "Whether the caller has closed the drawer today."]


class CashClosingView(View):
    """A person's closing of a day. The difference is positive if there is more cash than expected."""

    id: UUID
    person_id: UUID
    day: date
    expected_minor: Annotated[int, EXPECTED]
    counted_minor: int
    difference_minor: int
    currency: str
    payments: Annotated[int, "The number of cash payments."]
    closed_at: datetime


class GetCashDrawer(Query, service="billing", roles=DESK, returns=CashDrawerView):
    """Get the caller's cash since the last closing."""


class CloseCashDrawer(Command, service="billing", roles=DESK, returns=CashClosingView, refuses=(DRAWER_CLOSED,)):
    """Close the caller's cash drawer, once a day. Cash that comes later belongs to the next closing."""

    counted: Annotated[
        int, validate.Range(-MOST, MOST), "The counted cash in minor units, less the change that was there before."
    ]


class ListCashClosings(PageQuery, service="billing", roles=ADMINS, returns=page_of(CashClosingView)):
    """List closings of cash drawers, newest first. Filter: the person."""

    person_id: Annotated[UUID, "Only closings of this person."] | None = None
