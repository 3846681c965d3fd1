"""The payment providers by name, and the calls that the use cases make outside their transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from chassis.contract import Command
from contracts.billing.payments import PROVIDER_DOWN, PROVIDER_REFUSED, PROVIDER_UNAVAILABLE
from services.billing.providers import flutterwave, paystack, sandbox, stripe
from services.billing.providers.port import (
    Checkout,
    Looked,
    Movement,
    Plan,
    Provider,
    ProviderDownError,
    ProviderRefusedError,
    Refunded,
    RefundPlan,
    Started,
)
from telemetry.logs import log

PROVIDERS: dict[str, Provider] = {
    stripe.NAME: stripe,
    paystack.NAME: paystack,
    flutterwave.NAME: flutterwave,
    sandbox.NAME: sandbox,
}


def offered(name: str) -> Provider:
    """Return the provider of this name. Raises `provider_unavailable` if the settings do not allow it."""
    provider = PROVIDERS.get(name)
    if provider is None or not provider.is_offered():
        raise PROVIDER_UNAVAILABLE()
    return provider


def all_offered() -> list[Provider]:
    """Return the providers that the settings allow."""
    return [provider for provider in PROVIDERS.values() if provider.is_offered()]


def start(plan: Plan, _command: Command) -> Started:
    """Start the payment at its provider."""
    with _refusing(plan["provider"]) as provider:
        return provider.start(plan)


def look_up(checkout: Checkout) -> Looked:
    """Return the state of a payment at its provider."""
    with _refusing(checkout["provider"]) as provider:
        return provider.look_up(checkout)


def refund(plan: RefundPlan) -> Refunded:
    """Pay money back through the provider that took it."""
    with _refusing(plan["provider"]) as provider:
        return provider.refund(plan)


def movements(name: str, begin: datetime, end: datetime) -> tuple[Movement, ...]:
    """Return the provider's list of payments and refunds from `begin` to before `end`."""
    with _refusing(name) as provider:
        return tuple(provider.movements(begin, end))


@contextmanager
def _refusing(name: str) -> Iterator[Provider]:
    """Give the provider of this name, and turn its errors into refusals."""
    try:
        yield offered(name)
    except ProviderDownError as error:
        log.warning("provider down", provider=name, reason=str(error))
        raise PROVIDER_DOWN() from None
    except ProviderRefusedError as error:
        log.warning("provider refused", provider=name, reason=str(error))
        raise PROVIDER_REFUSED() from None
