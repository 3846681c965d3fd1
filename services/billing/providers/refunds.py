"""The calls about refunds that the use cases and the timer make outside their transactions.

An answer always comes: a provider that does not answer leaves the refund pending, and the timer asks again.
"""

from collections.abc import Callable

from contracts.billing.payments import DeskMethod
from services.billing.providers.port import (
    Provider,
    ProviderDownError,
    ProviderRefusedError,
    Refunded,
    RefundOutcome,
    RefundPlan,
)
from services.billing.providers.registry import PROVIDERS
from telemetry.logs import log, log_unexpected

MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""The errors of an adapter that cannot read its provider's answer. They leave the other refunds of a round alone."""
Ask = Callable[[Provider, RefundPlan], Refunded]


def pay_back(plan: RefundPlan) -> Refunded:
    """Pay the money back, once. The desk pays its own money back itself. A refusal means that nothing was done."""
    if plan["provider"] in tuple(DeskMethod):
        return Refunded(RefundOutcome.COMPLETED)
    try:
        return _ask(plan, lambda provider, wanted: provider.refund(wanted))
    except ProviderRefusedError as error:
        log.warning("provider refused a refund", provider=plan["provider"], reason=str(error))
        return Refunded(RefundOutcome.FAILED)


def look_up(plan: RefundPlan) -> Refunded:
    """Return the present state of a refund that has reached its provider."""
    try:
        return _ask(plan, lambda provider, wanted: provider.look_up_refund(wanted))
    except ProviderRefusedError as error:
        log.warning("provider refused a look-up", provider=plan["provider"], reason=str(error))
        return Refunded(RefundOutcome.PENDING)


def _ask(plan: RefundPlan, ask: Ask) -> Refunded:
    provider = PROVIDERS.get(plan["provider"])
    if provider is None or not provider.is_offered():
        log.warning("provider has no settings", provider=plan["provider"])
        return Refunded(RefundOutcome.PENDING)
    try:
        return ask(provider, plan)
    except ProviderDownError as error:
        log.warning("provider down", provider=plan["provider"], reason=str(error))
    except MALFORMED as error:
        log_unexpected("refund unanswered", error, provider=plan["provider"])
    return Refunded(RefundOutcome.PENDING)
