"""Prices: what the hospital's services cost, from which day on."""

from datetime import date

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Page
from chassis.database import Session, refusing
from chassis.errors import Conflict, MatronError
from chassis.identity import Actor
from chassis.paging import page
from services.billing import catalogue, invoices, rules
from services.billing.models import InvoiceLine, Price

REFUSALS: dict[str, MatronError] = {
    "uq_price_code_valid_from": Conflict("price_exists", "There is a price of this code from this day on.")
}


def set_price(
    session: Session, _actor: Actor, *, code: str, name: str, amount_minor: int, valid_from: date | None
) -> Price:
    """Set a price from a day on (today, in the hospital's zone), and issue the drafts that have waited for it.

    Only visits on or after that day are priced by it: for an earlier one, set a price from an earlier day. Conflict:
    `price_exists`.
    """
    catalogue.changing(session)
    settings, now = config.current(), clock.now()
    price = Price(
        id=uuid7(),
        code=rules.normal_code(code),
        name=name,
        amount_minor=amount_minor,
        currency=settings.currency,
        valid_from=valid_from or rules.day_of(now, settings.hospital_timezone),
        created_at=now,
    )
    with refusing(session, REFUSALS):
        session.add(price)
    invoices.complete(session, invoices.held(session, InvoiceLine.code == price.code))
    return price


def listing(session: Session, _actor: Actor, *, limit: int, cursor: str | None) -> Page:
    """All prices, by code, in the order in which they were set."""
    return page(
        session, select(Price), (Price.code, Price.id), limit=limit, cursor=cursor, newest_first=False, whole=True
    )
