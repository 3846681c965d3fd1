"""The payment providers, by name."""

from chassis.errors import Invalid
from services.billing.providers import sandbox
from services.billing.providers.port import Plan, Provider

__all__ = ["Plan", "Provider", "offered", "start"]

REGISTRY: dict[str, Provider] = {sandbox.NAME: sandbox}


def offered(name: str) -> Provider:
    """The provider of this name. Invalid: `provider_not_offered`."""
    provider = REGISTRY.get(name)
    if provider is None or not provider.is_offered():
        errors = {"errors": {"provider": ["Not offered."]}}
        raise Invalid("provider_not_offered", "Payments by this provider are not offered.", errors)
    return provider


def start(plan: Plan) -> str:
    """Tell the plan's provider of the payment; the address of its checkout page. Invalid: `provider_not_offered`."""
    return offered(plan["provider"]).start(plan)
