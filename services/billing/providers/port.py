"""What billing asks of a payment provider."""

from typing import NotRequired, Protocol, TypedDict


class Plan(TypedDict):
    """A payment as its provider must know it: plain JSON, so that a repeated request goes on from it after a crash."""

    payment_id: str
    reference: str
    """Ours, unique, and the provider's idempotency key: starting twice is one payment."""
    amount_minor: int
    currency: str
    provider: str
    return_url: NotRequired[str | None]
    """Where the provider sends the payer afterwards; plans from before have none."""


class Provider(Protocol):
    """One provider: a module, or an object that holds its connection. Called outside of any transaction."""

    def is_offered(self) -> bool:
        """Whether the settings allow it."""
        ...

    def start(self, plan: Plan) -> str:
        """Begin the payment, or find it begun; the address of the payer's page."""
        ...
