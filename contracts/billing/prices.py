"""Prices: the cost of a service of the hospital from a day on."""

from datetime import date
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.billing.invoices import CODED, NAMED
from contracts.roles import Role
from contracts.texts import ONE_LINE

PRICE_EXISTS = Refusal(
    Conflict,
    "price_exists",
    "There is a price of this code from this day on.",
    "There is a price of this code from this day on: choose another day.",
)


class PriceView(View):
    """What a service of the hospital costs from a day on; `consultation:<specialization>` for a visit."""

    id: UUID
    code: Annotated[str, CODED]
    name: Annotated[str, NAMED]
    amount_minor: int
    currency: str
    valid_from: date


class SetPrice(Command, service="billing", roles=frozenset({Role.ADMIN}), returns=PriceView, refuses=(PRICE_EXISTS,)):
    """Say what something costs from a day on, today when not told otherwise.

    Held lines of that code, of visits from that day on, are priced and their invoices issued. The case and spacing of a
    code do not matter.
    """

    code: Annotated[str, validate.Length(1, 120), ONE_LINE, CODED]
    name: Annotated[str, validate.Length(1, 200), ONE_LINE, NAMED]
    amount_minor: Annotated[int, validate.Range(0, 100_000_000)]
    valid_from: date | None = None


class ListPrices(PageQuery, service="billing", roles=frozenset({Role.ADMIN}), returns=page_of(PriceView)):
    """All prices, by code."""
