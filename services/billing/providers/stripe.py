"""Stripe: Checkout Sessions, refunds and webhooks, by the official SDK."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import stripe
from stripe import BalanceTransaction, Charge, PaymentIntent, Refund, StripeClient
from stripe.checkout import Session

from chassis import config
from contracts.billing.payments import Provider
from services.billing import settings
from services.billing.providers import stripe_webhooks
from services.billing.providers.port import (
    Checkout,
    Looked,
    Movement,
    Notice,
    Outcome,
    Plan,
    ProviderDownError,
    ProviderRefusedError,
    Refunded,
    RefundOutcome,
    RefundPlan,
    Started,
    WrongSignatureError,
)
from services.billing.providers.stripe_amounts import InexactAmountError, from_stripe, to_stripe
from services.billing.providers.stripe_client import connected, is_missing

if TYPE_CHECKING:
    from stripe.params import BalanceTransactionListParamsCreated, RefundCreateParams
    from stripe.params.checkout import SessionCreateParams, SessionListParamsCreated

NAME = Provider.STRIPE

LOST_AFTER = timedelta(hours=1)
"""A checkout whose answer was lost is looked for among those created within this time after the payment."""
CLOCK_DIFFERENCE = timedelta(minutes=5)
PAGE = 100
MOVED = ("charge", "payment", "refund", "payment_refund")
"""The types of balance transactions that are payments and refunds, by card and otherwise."""
LIST_SECONDS = 120.0
"""The time for the list of a day."""


def is_offered() -> bool:
    """Return whether the settings have an account at Stripe."""
    return settings.current().stripe is not None


def start(plan: Plan) -> Started:
    """Create a Checkout Session. It expires 24 hours later, which is Stripe's default.

    Our reference is the idempotency key, and all parameters come from the plan: a repeated start returns the session.
    """
    with connected() as client:
        session = client.v1.checkout.sessions.create(_session_of(plan), {"idempotency_key": plan["reference"]})
    if session.url is None:
        raise ProviderRefusedError("Stripe gave no address of the checkout")
    return Started(session.url, session.id)


def _session_of(plan: Plan) -> "SessionCreateParams":
    page = plan.get("return_url") or config.current().public_url
    facts = {"reference": plan["reference"], "payment_id": plan["payment_id"]}
    created: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": plan["currency"].lower(),
                    "unit_amount": _amount_of(plan["amount_minor"], plan["currency"]),
                    "product_data": {"name": plan.get("title") or "Invoice"},
                },
            }
        ],
        "client_reference_id": plan["reference"],
        "metadata": facts,
        "payment_intent_data": {"metadata": facts},
        "success_url": page,
        "cancel_url": page,
        # Stripe would else offer the payer another currency.
        "adaptive_pricing": {"enabled": False},
    }
    if email := plan.get("email"):
        created["customer_email"] = email
    return created


def _amount_of(amount_minor: int, currency: str) -> int:
    try:
        return to_stripe(amount_minor, currency)
    except InexactAmountError as error:
        raise ProviderRefusedError(str(error)) from None


def look_up(checkout: Checkout) -> Looked:
    """Return the state of the session with its payment. Without its id, the session is found by our reference."""
    with _reading(), connected() as client:
        session_id = checkout["provider_id"] or _find_session(client, checkout)
        if session_id is None:
            return Looked(Outcome.UNKNOWN)
        try:
            session = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
        except stripe.InvalidRequestError as error:
            if is_missing(error):
                return Looked(Outcome.UNKNOWN)
            raise
        return _looked(session)


@contextmanager
def _reading() -> Iterator[None]:
    """A look-up that fails tells nothing about the payment, for whatever reason it fails."""
    try:
        yield
    except (ProviderRefusedError, InexactAmountError) as error:
        raise ProviderDownError(str(error)) from None


def _find_session(client: StripeClient, checkout: Checkout) -> str | None:
    created_at = datetime.fromisoformat(checkout["created_at"])
    begin, end = created_at - CLOCK_DIFFERENCE, created_at + LOST_AFTER
    window: SessionListParamsCreated = {"gte": int(begin.timestamp()), "lt": int(end.timestamp())}
    found = client.v1.checkout.sessions.list({"created": window, "limit": PAGE})
    own = (each.id for each in found.auto_paging_iter() if each.client_reference_id == checkout["reference"])
    return next(own, None)


def _looked(session: Session) -> Looked:
    """Return the state. An open session takes further tries after a failed one; a completed session does not."""
    payment = session.payment_intent
    if isinstance(payment, PaymentIntent) and payment.status == "succeeded":
        currency = payment.currency.upper()
        return Looked(Outcome.SUCCEEDED, from_stripe(payment.amount_received, currency), currency, payment.id)
    is_tried = isinstance(payment, PaymentIntent) and payment.last_payment_error is not None
    if session.status == "expired" or (isinstance(payment, PaymentIntent) and payment.status == "canceled"):
        return Looked(Outcome.EXPIRED)
    if session.status == "complete":
        return Looked(Outcome.EXPIRED if is_tried else Outcome.PENDING)
    return Looked(Outcome.FAILED if is_tried else Outcome.PENDING)


def refund(plan: RefundPlan) -> Refunded:
    """Pay back once. The id of our refund is the idempotency key, and is looked for first: Stripe forgets keys."""
    payment_id = plan["provider_payment_id"]
    if payment_id is None:
        raise ProviderRefusedError("no payment to refund")
    wanted: RefundCreateParams = {
        "payment_intent": payment_id,
        "amount": _amount_of(plan["amount_minor"], plan["currency"]),
        "metadata": {"refund_id": plan["refund_id"], "reference": plan["reference"]},
    }
    with connected() as client:
        found = _find_refund(client, plan["refund_id"], payment_id)
        return _refunded(found or client.v1.refunds.create(wanted, {"idempotency_key": plan["refund_id"]}))


def look_up_refund(plan: RefundPlan) -> Refunded:
    """Return the state of the refund. Without its id, the refund is found by ours."""
    refund_id, payment_id = plan["provider_refund_id"], plan["provider_payment_id"]
    with _reading(), connected() as client:
        if refund_id is None:
            found = _find_refund(client, plan["refund_id"], payment_id) if payment_id else None
            return _refunded(found) if found else Refunded(RefundOutcome.UNKNOWN)
        try:
            return _refunded(client.v1.refunds.retrieve(refund_id))
        except stripe.InvalidRequestError as error:
            if is_missing(error):
                return Refunded(RefundOutcome.UNKNOWN)
            raise


def _find_refund(client: StripeClient, refund_id: str, payment_id: str) -> Refund | None:
    refunds = client.v1.refunds.list({"payment_intent": payment_id, "limit": PAGE}).auto_paging_iter()
    return next((each for each in refunds if _fact(each, "refund_id") == refund_id), None)


def _refunded(found: Refund) -> Refunded:
    return Refunded(stripe_webhooks.REFUND_OUTCOMES.get(found.status or "", RefundOutcome.PENDING), found.id)


def read_webhook(headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
    """Check the signature with each secret, and read the event."""
    account = settings.current().stripe
    if account is None:
        raise WrongSignatureError
    stripe_webhooks.verify(headers.get("stripe-signature", ""), body, now, account.webhook_secrets)
    return stripe_webhooks.read(body)


def movements(begin: datetime, end: datetime) -> Iterable[Movement]:
    """Return the payments and refunds on Stripe's balance. The time is that of the success, not of the checkout."""
    created: BalanceTransactionListParamsCreated = {"gte": int(begin.timestamp()), "lt": int(end.timestamp())}
    with _reading(), connected(LIST_SECONDS) as client:
        listed = client.v1.balance_transactions.list({"created": created, "limit": PAGE, "expand": ["data.source"]})
        return [found for each in listed.auto_paging_iter() if (found := _movement(each))]


def _movement(transaction: BalanceTransaction) -> Movement | None:
    """Return a payment or a completed refund; None for fees, payouts and others.

    The transaction counts in the currency of the bank account. Its source has the amount that the payer saw.
    """
    source = transaction.source
    if not isinstance(source, Charge | Refund) or transaction.type not in MOVED or source.status != "succeeded":
        return None
    currency, is_refund = source.currency.upper(), isinstance(source, Refund)
    return Movement(
        provider_payment_id=_id_of(source.payment_intent),
        reference=_fact(source, "reference"),
        amount_minor=from_stripe(source.amount_captured if isinstance(source, Charge) else source.amount, currency),
        currency=currency,
        at=datetime.fromtimestamp(transaction.created, UTC),
        provider_refund_id=source.id if is_refund else None,
    )


def _id_of(payment: str | PaymentIntent | None) -> str:
    return payment.id if isinstance(payment, PaymentIntent) else payment or ""


def _fact(found: Charge | Refund, name: str) -> str | None:
    """Return a metadata of ours."""
    return found.metadata[name] if found.metadata and name in found.metadata else None
