"""The payment providers, by name."""

from contracts.billing.payments import PROVIDER_NOT_OFFERED, PayInvoice
from services.billing.providers import sandbox
from services.billing.providers.port import Plan, Provider

__all__ = ["Plan", "Provider", "offered", "start"]

REGISTRY: dict[str, Provider] = {sandbox.NAME: sandbox}


def offered(name: str) -> Provider:
    """The provider of this name."""
    provider = REGISTRY.get(name)
    if provider is None or not provider.is_offered():
        raise PROVIDER_NOT_OFFERED(errors={"provider": ["Not available."]})
    return provider


def start(plan: Plan, _command: PayInvoice) -> str:
    """Tell the plan's provider of the payment; the address of its checkout page."""
    return offered(plan["provider"]).start(plan)
