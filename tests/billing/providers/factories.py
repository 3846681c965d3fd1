"""Builders for the tests of the payment providers."""

from datetime import timedelta
from uuid import uuid4

from chassis import clock
from services.billing.providers.port import Checkout, Plan, RefundPlan

RETURN_URL = "https://hospital.example/paid"


def reference() -> str:
    """Return a new reference of a payment."""
    return uuid4().hex


def plan(payment: str, amount_minor: int = 8000, currency: str = "USD", email: str | None = "ada@example.com") -> Plan:
    """Return a payment of 80.00 USD."""
    return {
        "payment_id": str(uuid4()),
        "reference": payment,
        "amount_minor": amount_minor,
        "currency": currency,
        "provider": "any",
        "return_url": RETURN_URL,
        "email": email,
        "title": "Invoice 12",
    }


def checkout(payment: str, provider_id: str | None = None) -> Checkout:
    """Return a started payment."""
    return {
        "payment_id": str(uuid4()),
        "reference": payment,
        "provider_id": provider_id,
        "amount_minor": 8000,
        "currency": "USD",
        "provider": "any",
        "created_at": clock.now().isoformat(),
    }


def refund_plan(payment: str, paid: str | None, amount_minor: int = 8000, currency: str = "USD") -> RefundPlan:
    """Return a refund of a payment, which was requested a minute ago."""
    return {
        "refund_id": str(uuid4()),
        "reference": payment,
        "provider_payment_id": paid,
        "provider_refund_id": None,
        "amount_minor": amount_minor,
        "currency": currency,
        "provider": "any",
        "requested_at": (clock.now() - timedelta(minutes=1)).isoformat(),
    }
