"""The payment providers by name, and the calls that the use cases make outside their transactions."""

from contracts.billing.payments import PROVIDER_DOWN, PROVIDER_REFUSED, PROVIDER_UNAVAILABLE, PayInvoice
from services.billing.providers import flutterwave, paystack, sandbox, stripe
from services.billing.providers.port import Plan, Provider, ProviderDownError, ProviderRefusedError, Started
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


def start(plan: Plan, _command: PayInvoice) -> Started:
    """Start the payment at its provider."""
    try:
        return offered(plan["provider"]).start(plan)
    except ProviderDownError as error:
        log.warning("provider down", provider=plan["provider"], reason=str(error))
        raise PROVIDER_DOWN() from None
    except ProviderRefusedError as error:
        log.warning("provider refused", provider=plan["provider"], reason=str(error))
        raise PROVIDER_REFUSED() from None
