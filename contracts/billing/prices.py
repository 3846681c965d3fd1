"""Prices: the cost of a hospital service from a given day."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.refusals import Refusal
from contracts.billing.invoices import CODED, NAMED
from contracts.roles import Role
from contracts.texts import ONE_LINE
from records.fields import Facts

PRICE_EXISTS = Refusal(
    Conflict,
    "price_exists",
    "This code already has a price from this day.",
    "The code already has a price from that day. Choose another day.",
)
NO_SUCH_PRICE = Refusal(NotFound, "not_found", "This code has no price on that day.")
TAXED = Facts(
    {"description": "The tax rate in hundredths of a percent: 750 is 7.5 %. Prices are before tax."}, example=750
)


class PriceView(View):
    """The price of a hospital service from a given day.

    The code of a visit is `consultation:<specialization>`. The code of a medicine is `medicine:<item_id>`, with the id
    of the item of the inventory; its price is for one unit. The code of a laboratory test is `lab:<LOINC>`.
    """

    id: UUID
    code: Annotated[str, CODED]
    name: Annotated[str, NAMED]
    amount_minor: int
    currency: str
    tax_basis_points: Annotated[int, TAXED]
    valid_from: date


class SetPrice(Command, service="billing", roles=frozenset({Role.ADMIN}), returns=PriceView, refuses=(PRICE_EXISTS,)):
    """Set the price of a code from a given day. `valid_from` defaults to today.

    Draft invoices that wait for this price are priced and issued, if their visit or dispense is on or after that day.
    Case and spacing of the code do not matter.
    """

    code: Annotated[str, validate.Length(1, 120), ONE_LINE, CODED]
    name: Annotated[str, validate.Length(1, 200), ONE_LINE, NAMED]
    amount_minor: Annotated[int, validate.Range(0, 100_000_000)]
    tax_basis_points: Annotated[int, validate.Range(0, 10_000), TAXED] = 0
    valid_from: date | None = None


class ChangePrice(
    Command,
    service="billing",
    roles=frozenset({Role.ADMIN}),
    returns=PriceView,
    refuses=(PRICE_EXISTS, NO_SUCH_PRICE),
):
    """Change the price of a code from a given day, which defaults to today. Omitted fields stay the same.

    This adds a price and changes none: the earlier price still applies to earlier days.
    """

    code: Annotated[str, "The code of the price.", validate.Length(1, 120), ONE_LINE, CODED]
    name: Annotated[str, validate.Length(1, 200), ONE_LINE, NAMED] | None = None
    amount_minor: Annotated[int, validate.Range(0, 100_000_000)] | None = None
    tax_basis_points: Annotated[int, validate.Range(0, 10_000), TAXED] | None = None
    valid_from: date | None = None

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that are missing."""
        if (self.name, self.amount_minor, self.tax_basis_points) == (None, None, None):
            yield "amount_minor", "Name at least one change: an amount, a name or a tax."


class ListPrices(PageQuery, service="billing", roles=frozenset({Role.ADMIN}), returns=page_of(PriceView)):
    """List all prices, ordered by code."""
