"""The payment providers, by name."""

from contracts.billing.payments import PROVIDER_NOT_OFFERED, PayInvoice
from services.billing.providers import sandbox
from services.billing.providers.port import Plan, Provider

__all__ = ["Plan", "Provider", "offered", "start"]

REGISTRY: dict[str, Provider] = {sandbox.NAME: sandbox}


def offered(name: str) -> Provider:
    """Return the provider of this name. Raises `provider_not_offered`."""
    provider = REGISTRY.get(name)
    if provider is None or not provider.is_offered():
        raise PROVIDER_NOT_OFFERED(errors={"provider": ["Not available."]})
    return provider


def start(plan: Plan, _command: PayInvoice) -> str:
    """Start the payment at its provider. Return the address of the checkout page."""
    return offered(plan["provider"]).start(plan)
