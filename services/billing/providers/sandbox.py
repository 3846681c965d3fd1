"""The built-in provider, for trials and tests. The gateway shows its checkout page, and no money moves."""

from chassis import config
from services.billing.providers.port import Plan

NAME = "sandbox"


def is_offered() -> bool:
    """Return whether `ALLOW_SANDBOX_PAYMENTS` is set. A real hospital leaves it unset."""
    return config.current().allow_sandbox_payments


def start(plan: Plan) -> str:
    """Return the address of the checkout page."""
    return f"{config.current().public_url}/sandbox/checkout/{plan['reference']}"
