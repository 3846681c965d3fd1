"""The interface of payment providers."""

from typing import NotRequired, Protocol, TypedDict


class Plan(TypedDict):
    """A payment in plain JSON, for its provider. After a crash a repeated request continues from the stored plan."""

    payment_id: str
    reference: str
    """Our unique reference, and the provider's idempotency key: two starts are one payment."""
    amount_minor: int
    currency: str
    provider: str
    return_url: NotRequired[str | None]
    """The page to which the payer returns. Older plans have none."""


class Provider(Protocol):
    """A payment provider: a module, or an object with a connection. It is called outside any transaction."""

    def is_offered(self) -> bool:
        """Return whether the settings allow this provider."""
        ...

    def start(self, plan: Plan) -> str:
        """Start the payment, or continue a started payment. Return the address of the checkout page."""
        ...
