"""List comparisons."""

from sqlalchemy import select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.billing.reconciliation import ListReconciliations
from services.billing.models.reconciliation import Reconciliation


def list_all(session: Session, _actor: Actor, query: ListReconciliations) -> Page:
    """List comparisons, newest first, of one provider or with differences only."""
    statement = select(Reconciliation)
    if query.provider is not None:
        statement = statement.where(Reconciliation.provider == query.provider)
    if query.only_differences:
        statement = statement.where(Reconciliation.has_differences)
    key = (Reconciliation.at, Reconciliation.id)
    return page(session, statement, key, limit=query.limit, cursor=query.cursor, whole=True)
