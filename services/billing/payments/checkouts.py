"""A payment in plain JSON, for its provider."""

from services.billing.models.payments import Payment
from services.billing.providers.port import Checkout


def checkout_of(payment: Payment) -> Checkout:
    """Return the facts that a provider needs for a look-up."""
    return Checkout(
        payment_id=str(payment.id),
        reference=payment.reference,
        provider_id=payment.provider_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        provider=payment.provider,
        created_at=payment.created_at.isoformat(),
    )
