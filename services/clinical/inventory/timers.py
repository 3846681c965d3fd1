"""Announce stock that expires soon, and stock that became low because a batch expired."""

from sqlalchemy import and_, or_, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from services.clinical.inventory import alerts, batches, expiry, rules
from services.clinical.models.inventory import BATCH, ITEM

PACE = 600.0
"""Seconds between two looks."""
ITEMS = 100
"""Items of one look, so that its transaction stays short."""


def announce_expiry(session: Session, _actor: Actor) -> None:
    """Publish `stock_expiring` and `stock_low` for items with news, each behind the lock of its movements."""
    today = expiry.today()
    is_due = expiry.is_due(today + rules.EXPIRING_WITHIN)
    expiring = select(BATCH.c.item_id).where(is_due)
    is_news = or_(ITEM.c.id.in_(expiring), and_(ITEM.c.low_since.is_(None), expiry.is_low(today)))
    for (item_id,) in session.rows(select(ITEM.c.id).where(is_news).order_by(ITEM.c.id).limit(ITEMS)):
        item = batches.locked(session, item_id)
        alerts.announce_expiring(session, item)
        alerts.review(session, item)
