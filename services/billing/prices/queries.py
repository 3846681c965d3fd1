"""List prices."""

from sqlalchemy import select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.billing.prices import ListPrices
from services.billing.models.prices import Price


def list_prices(session: Session, _actor: Actor, query: ListPrices) -> Page:
    """List all prices by code, in the order in which they were set."""
    return page(
        session,
        select(Price),
        (Price.code, Price.id),
        limit=query.limit,
        cursor=query.cursor,
        newest_first=False,
        whole=True,
    )
