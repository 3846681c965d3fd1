"""The built-in provider, for trials and tests. The gateway shows its checkout page, and no money moves."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from chassis import config
from contracts.billing.payments import Provider
from services.billing import settings
from services.billing.providers.port import (
    Checkout,
    Looked,
    Movement,
    Notice,
    Outcome,
    Plan,
    Refunded,
    RefundOutcome,
    RefundPlan,
    Started,
    UnreadableWebhookError,
)

NAME = Provider.SANDBOX


def is_offered() -> bool:
    """Return whether `ALLOW_SANDBOX_PAYMENTS` is set. A real hospital leaves it unset."""
    return settings.current().allow_sandbox_payments


def start(plan: Plan) -> Started:
    """Return the address of the checkout page."""
    return Started(f"{config.current().public_url}/sandbox/checkout/{plan['reference']}")


def look_up(_checkout: Checkout) -> Looked:
    """Return that the payer has not decided: the buttons of the page tell the outcome."""
    return Looked(Outcome.PENDING)


def refund(plan: RefundPlan) -> Refunded:
    """Complete the refund, since no money moves."""
    return Refunded(RefundOutcome.COMPLETED, f"sandbox-{plan['refund_id']}")


def look_up_refund(plan: RefundPlan) -> Refunded:
    """Return the completed refund."""
    return refund(plan)


def read_webhook(_headers: Mapping[str, str], _body: bytes, _now: datetime) -> Notice:
    """Refuse every webhook, since the sandbox sends none."""
    raise UnreadableWebhookError


def movements(_begin: datetime, _end: datetime) -> Iterable[Movement]:
    """Return no movements."""
    return ()
