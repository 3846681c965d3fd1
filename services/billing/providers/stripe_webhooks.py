"""The webhooks of Stripe: their signature and their events.

Source: https://docs.stripe.com/webhooks, section on manual verification; https://docs.stripe.com/api/events/types.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.billing.providers.port import (
    Looked,
    Notice,
    Outcome,
    Refunded,
    RefundOutcome,
    Topic,
    UnreadableWebhookError,
    WrongSignatureError,
)
from services.billing.providers.stripe_amounts import InexactAmountError, from_stripe

TOLERANCE_SECONDS = 300
"""Stripe's own tolerance, here in both directions."""
TIME_DIGITS = 12
REFUND_OUTCOMES = {
    "pending": RefundOutcome.PENDING,
    "requires_action": RefundOutcome.NEEDS_ATTENTION,
    "succeeded": RefundOutcome.COMPLETED,
    "failed": RefundOutcome.FAILED,
    "canceled": RefundOutcome.FAILED,
}


class Kind(StrEnum):
    """The events that matter."""

    SESSION_COMPLETED = "checkout.session.completed"
    SESSION_PAID = "checkout.session.async_payment_succeeded"
    SESSION_FAILED = "checkout.session.async_payment_failed"
    SESSION_EXPIRED = "checkout.session.expired"
    PAYMENT_SUCCEEDED = "payment_intent.succeeded"
    PAYMENT_FAILED = "payment_intent.payment_failed"
    PAYMENT_CANCELED = "payment_intent.canceled"
    CHARGE_REFUNDED = "charge.refunded"
    REFUND_UPDATED = "refund.updated"
    REFUND_FAILED = "refund.failed"
    DISPUTED = "charge.dispute.created"


@dataclass(frozen=True, slots=True)
class Event:
    """An event with its object, such as a session or a refund."""

    id: str
    kind: str
    about: Mapping[str, object]

    def text(self, name: str) -> str | None:
        """Return a text of the object; the id of an expanded object."""
        value = self.about.get(name)
        found = value.get("id") if isinstance(value, dict) else value
        return found if isinstance(found, str) else None

    @property
    def reference(self) -> str | None:
        """Our reference of the payment."""
        metadata = self.about.get("metadata")
        found = metadata.get("reference") if isinstance(metadata, dict) else None
        return found if isinstance(found, str) else self.text("client_reference_id")

    def succeeded(self, amount: str, payment_id: str | None) -> Looked:
        """Return the payment with the amount in this field."""
        units, currency = self.about.get(amount), (self.text("currency") or "").upper()
        if not isinstance(units, int) or not currency or payment_id is None:
            raise UnreadableWebhookError
        try:
            return Looked(Outcome.SUCCEEDED, from_stripe(units, currency), currency, payment_id)
        except InexactAmountError:
            raise UnreadableWebhookError from None


def verify(header: str, body: bytes, now: datetime, secrets: Iterable[str]) -> None:
    """Check `Stripe-Signature: t=SECONDS,v1=HEX[,v1=HEX]`: any signature by any of the secrets.

    Raises `WrongSignatureError`.
    """
    pairs = [pair.partition("=") for pair in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    given = [value.encode() for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()) or len(times[0]) > TIME_DIGITS:
        raise WrongSignatureError
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        raise WrongSignatureError
    signed = f"{times[0]}.".encode() + body
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets if secret]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise WrongSignatureError


def read(body: bytes) -> Notice:
    """Read an event whose signature is right. Raises `UnreadableWebhookError`."""
    event = _event_of(body)
    reader = READERS.get(event.kind)
    return reader(event) if reader else Notice(event.id, Topic.OTHER, event.kind)


def _event_of(body: bytes) -> Event:
    try:
        found = json.loads(body)
        event_id, kind, about = found["id"], found["type"], found["data"]["object"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UnreadableWebhookError from None
    if not (isinstance(event_id, str) and isinstance(kind, str) and isinstance(about, dict)):
        raise UnreadableWebhookError
    return Event(event_id, kind, about)


def _payment(event: Event, looked: Looked, payment_id: str | None) -> Notice:
    return Notice(event.id, Topic.PAYMENT, event.kind, event.reference, looked, payment_id)


def _session_completed(event: Event) -> Notice:
    """A completed session is paid at once, or its money comes later by a slow payment method."""
    if event.text("payment_status") == "paid":
        return _session_paid(event)
    return _payment(event, Looked(Outcome.PENDING), event.text("payment_intent"))


def _session_paid(event: Event) -> Notice:
    payment_id = event.text("payment_intent")
    return _payment(event, event.succeeded("amount_total", payment_id), payment_id)


def _session_ended(event: Event) -> Notice:
    """No money can come: the payer cannot try again in an expired session, nor in a completed one."""
    return _payment(event, Looked(Outcome.EXPIRED), event.text("payment_intent"))


def _payment_succeeded(event: Event) -> Notice:
    payment_id = event.text("id")
    return _payment(event, event.succeeded("amount_received", payment_id), payment_id)


def _payment_failed(event: Event) -> Notice:
    return _payment(event, Looked(Outcome.FAILED), event.text("id"))


def _payment_canceled(event: Event) -> Notice:
    return _payment(event, Looked(Outcome.EXPIRED), event.text("id"))


def _charge_refunded(event: Event) -> Notice:
    """The charge names none of its refunds, so the refund must be looked up."""
    return Notice(event.id, Topic.REFUND, event.kind, event.reference, None, event.text("payment_intent"))


def _refund(event: Event) -> Notice:
    refund_id = event.text("id")
    outcome = REFUND_OUTCOMES.get(event.text("status") or "")
    refunded = Refunded(outcome, refund_id) if outcome else None
    payment_id = event.text("payment_intent")
    return Notice(event.id, Topic.REFUND, event.kind, event.reference, None, payment_id, refund_id, refunded)


def _dispute(event: Event) -> Notice:
    return Notice(event.id, Topic.DISPUTE, event.kind, event.reference, None, event.text("payment_intent"))


READERS: dict[str, Callable[[Event], Notice]] = {
    Kind.SESSION_COMPLETED: _session_completed,
    Kind.SESSION_PAID: _session_paid,
    Kind.SESSION_FAILED: _session_ended,
    Kind.SESSION_EXPIRED: _session_ended,
    Kind.PAYMENT_SUCCEEDED: _payment_succeeded,
    Kind.PAYMENT_FAILED: _payment_failed,
    Kind.PAYMENT_CANCELED: _payment_canceled,
    Kind.CHARGE_REFUNDED: _charge_refunded,
    Kind.REFUND_UPDATED: _refund,
    Kind.REFUND_FAILED: _refund,
    Kind.DISPUTED: _dispute,
}
"""The reader of each event. All other events are acknowledged."""
