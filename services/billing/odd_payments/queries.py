"""List odd payments."""

from sqlalchemy import select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.billing.odd_payments import ListOddPayments
from services.billing.models.odd_payments import OddPayment


def list_all(session: Session, _actor: Actor, query: ListOddPayments) -> Page:
    """List odd payments, newest first."""
    is_settled = OddPayment.settled_at.is_not(None) if query.settled else OddPayment.settled_at.is_(None)
    key = (OddPayment.at, OddPayment.id)
    return page(session, select(OddPayment).where(is_settled), key, limit=query.limit, cursor=query.cursor, whole=True)
