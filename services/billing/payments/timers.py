"""Look up payments that stay pending at their providers: after ten minutes, then hourly, for seven days."""

from collections.abc import Sequence
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
MOST = 50
"""Payments in one run."""
Found = Sequence[tuple[UUID, Looked]]


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
    found = []
    for checkout in checkouts:
        try:
            found.append((UUID(checkout["payment_id"]), registry.look_up(checkout)))
        except MatronError:
            continue
    return found


def settle(session: Session, _actor: Actor, _checkouts: list[Checkout], found: Found) -> None:
    """Apply the states."""
    for payment_id, looked in found:
        settlement.settle(session, payment_id, looked)
