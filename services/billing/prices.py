"""Prices: what the hospital's services cost, from which day on."""

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from chassis.persistence.paging import page
from contracts.billing.prices import PRICE_EXISTS, ListPrices, SetPrice
from services.billing import invoices, price_lookup, rules
from services.billing.models.invoices import InvoiceLine
from services.billing.models.prices import Price

REFUSALS = {"uq_price_code_valid_from": PRICE_EXISTS}


def set_price(session: Session, _actor: Actor, command: SetPrice) -> Price:
    """Set a price from a day on (today, in the hospital's zone), and issue the drafts that have waited for it.

    Only visits on or after that day are priced by it: for an earlier one, set a price from an earlier day.
    """
    price_lookup.changing(session)
    settings, now = config.current(), clock.now()
    price = Price(
        id=uuid7(),
        code=rules.normal_code(command.code),
        name=command.name,
        amount_minor=command.amount_minor,
        currency=settings.currency,
        valid_from=command.valid_from or rules.day_of(now, settings.hospital_timezone),
        created_at=now,
    )
    with refusing(session, REFUSALS):
        session.add(price)
    invoices.complete(session, invoices.held(session, InvoiceLine.code == price.code))
    return price


def listing(session: Session, _actor: Actor, query: ListPrices) -> Page:
    """All prices, by code, in the order in which they were set."""
    return page(
        session,
        select(Price),
        (Price.code, Price.id),
        limit=query.limit,
        cursor=query.cursor,
        newest_first=False,
        whole=True,
    )
