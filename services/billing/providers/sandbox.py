"""The built-in provider, for trying and testing: its checkout page is the gateway's own, and no money moves."""

from chassis import config
from services.billing.providers.port import Plan

NAME = "sandbox"


def is_offered() -> bool:
    """Only where `ALLOW_SANDBOX_PAYMENTS` says so: nobody pays a real invoice with it."""
    return config.current().allow_sandbox_payments


def start(plan: Plan) -> str:
    """The address of the checkout page."""
    return f"{config.current().public_url}/sandbox/checkout/{plan['reference']}"
