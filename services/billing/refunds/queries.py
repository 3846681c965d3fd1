"""List refunds."""

from sqlalchemy import select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.billing.refunds import ListRefunds
from services.billing.models.refunds import Refund


def list_all(session: Session, _actor: Actor, query: ListRefunds) -> Page:
    """List refunds, newest first, by state if one is given."""
    statement = select(Refund)
    if query.status is not None:
        statement = statement.where(Refund.status == query.status)
    key = (Refund.requested_at, Refund.id)
    return page(session, statement, key, limit=query.limit, cursor=query.cursor, whole=True)
