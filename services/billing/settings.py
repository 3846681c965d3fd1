"""The settings of billing. `matron.environment` reads them."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from chassis import config


@dataclass(frozen=True, kw_only=True)
class StripeSettings:
    """An account at Stripe: `STRIPE_SECRET_KEY`, `STRIPE_WEBHOOK_SECRET` and `STRIPE_URL`."""

    secret_key: str
    webhook_secrets: tuple[str, ...]
    """The signing secrets of the webhook: two while the secret is changed."""
    url: str = "https://api.stripe.com"


@dataclass(frozen=True, kw_only=True)
class PaystackSettings:
    """An account at Paystack: `PAYSTACK_SECRET_KEY` and `PAYSTACK_URL`. The key signs the webhooks too."""

    secret_key: str
    url: str = "https://api.paystack.co"


@dataclass(frozen=True, kw_only=True)
class FlutterwaveSettings:
    """An account at Flutterwave: `FLUTTERWAVE_SECRET_KEY`, `FLUTTERWAVE_SECRET_HASH` and `FLUTTERWAVE_URL`."""

    secret_key: str
    secret_hash: str
    url: str = "https://api.flutterwave.com/v3"


@dataclass(frozen=True, kw_only=True)
class BillingSettings:
    """All settings that only billing reads."""

    currency: str = "EUR"
    """The ISO 4217 code of all prices: `CURRENCY`."""
    allow_sandbox_payments: bool = False
    stripe: StripeSettings | None = None
    paystack: PaystackSettings | None = None
    flutterwave: FlutterwaveSettings | None = None
    due_after: timedelta = timedelta(days=30)
    """The time from issue until an invoice is overdue: `INVOICE_DUE_DAYS`."""
    hospital_name: str = "Hospital"
    hospital_address: str = ""
    """The lines of the address, as invoices print it."""
    hospital_tax_id: str = ""
    hospital_logo: Path | None = None
    """A PNG, JPEG or SVG file for the head of invoices."""


def current() -> BillingSettings:
    """Return the settings of billing."""
    return config.current().of(BillingSettings)
