"""The interface of payment providers.

Every call runs outside any transaction. A call raises `ProviderDownError` when the provider does not answer: nothing
is known, and the call is made again. Amounts are minor units; an adapter converts them where its provider counts
otherwise.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NotRequired, Protocol, TypedDict

from contracts.billing.payments import Provider as ProviderName


class ProviderDownError(Exception):
    """The provider does not answer in time, or fails. It may have done the work."""


class ProviderRefusedError(Exception):
    """The provider refuses the request, and has done nothing. The text is the provider's reason, for the log."""


class WrongSignatureError(Exception):
    """The signature of a webhook is wrong, or its time differs from ours by more than five minutes."""


class UnreadableWebhookError(Exception):
    """The body of a signed webhook has another form than the provider documents."""


class Plan(TypedDict):
    """A payment in plain JSON, for its provider. After a crash a repeated request continues from the stored plan."""

    payment_id: str
    reference: str
    """Our unique reference, and the provider's idempotency key: two starts are one payment. Hexadecimal digits."""
    amount_minor: int
    currency: str
    provider: str
    return_url: NotRequired[str | None]
    """The page to which the payer returns. Older plans have none."""
    email: NotRequired[str | None]
    """The payer's address, which Paystack and Flutterwave require; null if it is unknown."""
    title: NotRequired[str]
    """The text that the payer reads at the checkout, such as `Invoice 12`."""


@dataclass(frozen=True, slots=True)
class Started:
    """A checkout that waits for its payer."""

    checkout_url: str
    provider_id: str | None = None
    """The provider's name of the checkout, for later look-ups: Stripe's `cs_...`. Null if our reference is enough."""


class Outcome(StrEnum):
    """The state of a payment as its provider tells it."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """The last try has failed. The payer may still try again."""
    EXPIRED = "expired"
    """No money can come any more."""
    UNKNOWN = "unknown"
    """The provider knows no such payment."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A payment as its provider tells it. Amount, currency and id of the money movement are set if it succeeded."""

    outcome: Outcome
    amount_minor: int | None = None
    currency: str | None = None
    provider_payment_id: str | None = None
    """The provider's id of the money movement: Stripe's `pi_...`, the transaction of Paystack and Flutterwave."""


class Checkout(TypedDict):
    """A started payment in plain JSON, for a look-up."""

    payment_id: str
    reference: str
    provider_id: str | None
    amount_minor: int
    currency: str
    provider: str
    created_at: str


class RefundPlan(TypedDict):
    """A refund in plain JSON, for its provider."""

    refund_id: str
    """Our unique id, and the idempotency key where the provider has one."""
    reference: str
    """Our reference of the payment."""
    provider_payment_id: str | None
    provider_refund_id: str | None
    """The provider's id of this refund; null before the provider has answered."""
    amount_minor: int
    currency: str
    provider: str
    requested_at: str


class RefundOutcome(StrEnum):
    """The state of a refund as its provider tells it."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    NEEDS_ATTENTION = "needs_attention"
    """An admin must act at the provider."""
    UNKNOWN = "unknown"
    """The provider knows no such refund."""


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund as its provider tells it."""

    outcome: RefundOutcome
    provider_refund_id: str | None = None


class Topic(StrEnum):
    """The subject of a webhook."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    OTHER = "other"
    """Nothing to do: the webhook is acknowledged."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook whose signature is right."""

    event_id: str
    """Unique for the provider. Where a provider sends no id, the adapter builds it from the facts of the event."""
    topic: Topic
    kind: str
    """The provider's name of the event, such as `charge.success`."""
    reference: str | None = None
    """Our reference of the payment, or None if the webhook has none."""
    looked: Looked | None = None
    """The payment, if the webhook is proof enough. None: the payment must be looked up."""
    provider_payment_id: str | None = None
    provider_refund_id: str | None = None
    refunded: Refunded | None = None
    """The refund, if the webhook is proof enough. None: the refund must be looked up."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A payment or a refund in the provider's own list, for the reconciliation."""

    provider_payment_id: str
    reference: str | None
    amount_minor: int
    currency: str
    at: datetime
    provider_refund_id: str | None = None
    """Set for a refund; then the amount is what was paid back."""


class Provider(Protocol):
    """A payment provider."""

    @property
    def NAME(self) -> ProviderName:  # noqa: N802  a constant of a module
        """The name in contracts and settings."""
        ...

    def is_offered(self) -> bool:
        """Return whether the settings allow this provider."""
        ...

    def start(self, plan: Plan) -> Started:
        """Start the payment, or continue a started payment."""
        ...

    def look_up(self, checkout: Checkout) -> Looked:
        """Return the present state of a payment."""
        ...

    def refund(self, plan: RefundPlan) -> Refunded:
        """Pay money back, once: a repeated call finds the first refund."""
        ...

    def look_up_refund(self, plan: RefundPlan) -> Refunded:
        """Return the present state of a refund."""
        ...

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Check the signature of a webhook and read it. Raises `WrongSignatureError` or `UnreadableWebhookError`.

        The names of the headers are in lower case.
        """
        ...

    def movements(self, begin: datetime, end: datetime) -> Iterable[Movement]:
        """Return the provider's list of succeeded payments and refunds from `begin` to before `end`."""
        ...
