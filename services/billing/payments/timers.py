"""Look up payments that stay pending at their providers: after ten minutes, then hourly, for seven days."""

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.errors import MatronError
from chassis.identity import Actor
from chassis.persistence.database import Session
from services.billing.models.payments import Payment
from services.billing.payments import settlement
from services.billing.payments.checkouts import checkout_of
from services.billing.providers import registry
from services.billing.providers.port import Checkout, Looked

PACE = 60.0
MOST = 20
"""Payments in one run. Its calls end before the first of them is due again."""
Found = Mapping[UUID, Looked]


def due(session: Session, _actor: Actor) -> list[Checkout]:
    """Return payments whose look-up is due. The next one is set now, so that a broken payment does not block others."""
    now = clock.now()
    query = select(Payment).where(Payment.next_look_at <= now).order_by(Payment.next_look_at).limit(MOST)
    payments = session.scalars(query.with_for_update()).all()
    for payment in payments:
        payment.next_look_at = settlement.next_look(payment.created_at, now)
    return [checkout_of(payment) for payment in payments]


def look_up(checkouts: list[Checkout]) -> Found:
    """Return the states that providers tell. A provider that does not answer is asked again at the next look-up."""
    found = {}
    for checkout in checkouts:
        with suppress(MatronError):
            found[UUID(checkout["payment_id"])] = registry.look_up(checkout)
    return found


def settle(session: Session, _actor: Actor, _checkouts: list[Checkout], found: Found) -> None:
    """Apply the states, in the order of the invoices, in which all transactions lock."""
    query = select(Payment.id).where(Payment.id.in_(found)).order_by(Payment.invoice_id, Payment.id)
    for payment_id in session.scalars(query).all():
        settlement.settle(session, payment_id, found[payment_id])
