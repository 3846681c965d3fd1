"""Paystack: hosted checkouts in hundredths of a currency.

A reference is Paystack's only idempotency key, and a refund has none. Sources: Paystack's OpenAPI description and the
samples of its documentation, in the GitHub repositories `PaystackOSS/openapi` and `PaystackOSS/doc-code-snippets`.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import orjson

from contracts.billing.payments import Provider
from contracts.money import DIGITS, USUAL_DIGITS
from services.billing import settings
from services.billing.providers import rest
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
    Topic,
    UnreadableWebhookError,
    WrongSignatureError,
)
from services.billing.providers.rest import Api, Json, RefusalError, part, required, text

NAME = Provider.PAYSTACK
LAST_ATTEMPT = 9
"""The number of references that one payment may use."""
PER_PAGE = "100"
PAGE_COUNT = ("meta", "pageCount")
LOOK_BACK = timedelta(days=14)
"""The lists filter by the start of a transaction or refund, which may end days later."""
CLOCK_DIFFERENCE = timedelta(days=1)
SIGNATURE = "x-paystack-signature"
LONGEST_EVENT_ID = 200

OUTCOMES = {
    "success": Outcome.SUCCEEDED,
    "failed": Outcome.FAILED,
    "reversed": Outcome.EXPIRED,  # Paid and fully paid back.
}
"""All other states, such as `abandoned`, may still become `success`."""
BEST_FIRST = (Outcome.SUCCEEDED, Outcome.PENDING, Outcome.FAILED, Outcome.EXPIRED, Outcome.UNKNOWN)
REFUND_OUTCOMES = {
    "processed": RefundOutcome.COMPLETED,
    "failed": RefundOutcome.FAILED,
    "needs-attention": RefundOutcome.NEEDS_ATTENTION,
}
"""All other states, such as `pending` and `processing`, are not final."""
RECEIVED = frozenset({"success", "reversed"})
"""The states of transactions whose money came. A later full refund makes a transaction `reversed`."""


def is_offered() -> bool:
    """Return whether `PAYSTACK_SECRET_KEY` is set."""
    return settings.current().paystack is not None


def start(plan: Plan) -> Started:
    """Start the payment. If the reference is taken, its address is lost: start again with a suffix, `-2` to `-9`."""
    email = plan.get("email")
    if not email:
        raise ProviderRefusedError("Paystack requires the e-mail address of the payer")
    _require_hundredths(plan["currency"])
    api = _api()
    for reference in _references(plan["reference"]):
        body = {
            "email": email,
            "amount": plan["amount_minor"],
            "currency": plan["currency"],
            "reference": reference,
            "callback_url": plan.get("return_url"),
        }
        try:
            reply = api.post("/transaction/initialize", orjson.dumps({k: v for k, v in body.items() if v is not None}))
        except RefusalError as error:
            if not _is_duplicate(error):
                raise
            continue
        url = required(part(reply, "data"), "authorization_url")
        return Started(url, None if reference == plan["reference"] else reference)
    raise ProviderRefusedError("all references of the payment are taken")


def look_up(checkout: Checkout) -> Looked:
    """Return the best state of the payment's attempts: the attempt of `provider_id` first, then all references."""
    api, found = _api(), [Looked(Outcome.UNKNOWN)]
    first = checkout["provider_id"]
    if first:
        found.append(_attempt(api, first))
    for reference in _references(checkout["reference"]):
        if found[-1].outcome is Outcome.SUCCEEDED:
            break
        if reference != first:
            found.append(_attempt(api, reference))
        if found[-1].outcome is Outcome.UNKNOWN:
            break  # Suffixes are used in order.
    return min(found, key=lambda looked: BEST_FIRST.index(looked.outcome))


def refund(plan: RefundPlan) -> Refunded:
    """Pay money back. The note of a refund has our id, by which a repeated call finds the first refund."""
    _require_hundredths(plan["currency"])
    api = _api()
    existing = _find_refund(api, plan)
    if existing is not None:
        return existing
    body = {
        "transaction": plan["provider_payment_id"] or plan["reference"],
        "amount": plan["amount_minor"],
        "currency": plan["currency"],
        "merchant_note": _note(plan),
    }
    return _refunded(part(api.post("/refund", orjson.dumps(body)), "data"))


def look_up_refund(plan: RefundPlan) -> Refunded:
    """Return the present state of a refund."""
    api = _api()
    if plan["provider_refund_id"] is None:
        return _find_refund(api, plan) or Refunded(RefundOutcome.UNKNOWN)
    try:
        return _refunded(part(api.get(f"/refund/{plan['provider_refund_id']}"), "data"))
    except RefusalError as error:
        if "not found" not in error.reason:
            raise
        return Refunded(RefundOutcome.UNKNOWN)


def read_webhook(headers: Mapping[str, str], body: bytes, _now: datetime) -> Notice:
    """Check the HMAC of the body, and read it. A webhook has no time and no id, and its amounts are never used."""
    expected = hmac.new(_account().secret_key.encode(), body, hashlib.sha512).hexdigest()
    if not hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode()):
        raise WrongSignatureError
    try:
        event = rest.parsed(body)
    except ValueError:
        raise UnreadableWebhookError from None
    kind = event.get("event")
    if not isinstance(kind, str) or not isinstance(event.get("data"), dict):
        raise UnreadableWebhookError
    return _notice(kind, part(event, "data"))


def movements(begin: datetime, end: datetime) -> Iterable[Movement]:
    """Return the payments that were paid, and the refunds that were processed, from `begin` to before `end`."""
    api = Api(_account().url, _account().secret_key, rest.LIST_SECONDS)
    query = {"from": (begin - LOOK_BACK).isoformat(), "to": end.isoformat(), "perPage": PER_PAGE}
    payments = api.pages("/transaction", PAGE_COUNT, **query)
    refunds = api.pages("/refund", PAGE_COUNT, **query)
    found = [_payment_moved(row) for row in payments if row.get("status") in RECEIVED]
    found += [_refund_moved(row) for row in refunds if row.get("status") == "processed"]
    return [movement for movement in found if begin <= movement.at < end]


def _account() -> settings.PaystackSettings:
    account = settings.current().paystack
    if account is None:
        raise ProviderRefusedError("PAYSTACK_SECRET_KEY is not set")
    return account


def _api() -> Api:
    account = _account()
    return Api(account.url, account.secret_key)


def _require_hundredths(currency: str) -> None:
    """Refuse a currency that has no hundredths: Paystack's unit of it is not documented."""
    if DIGITS.get(currency, USUAL_DIGITS) != USUAL_DIGITS:
        raise ProviderRefusedError(f"Paystack is not used for {currency}, which has no hundredths")


def _references(reference: str) -> Iterator[str]:
    yield reference
    yield from (f"{reference}-{number}" for number in range(2, LAST_ATTEMPT + 1))


def _own(reference: str | None) -> str | None:
    """Return our reference without the suffix of an attempt."""
    return reference and reference.partition("-")[0]


def _is_duplicate(error: RefusalError) -> bool:
    return error.code == "duplicate_reference" or ("duplicate" in error.reason and "reference" in error.reason)


def _attempt(api: Api, reference: str) -> Looked:
    """Return the state of the transaction with this reference."""
    try:
        data = part(api.get(f"/transaction/verify/{reference}"), "data")
    except RefusalError as error:
        if "not found" not in error.reason:
            raise
        return Looked(Outcome.UNKNOWN)
    if text(data, "reference") != reference:
        raise ProviderDownError("the reply has another reference")
    outcome = OUTCOMES.get(required(data, "status"), Outcome.PENDING)
    if outcome is not Outcome.SUCCEEDED:
        return Looked(outcome)
    return Looked(outcome, _hundredths(data), required(data, "currency"), required(data, "id"))


def _hundredths(data: Json) -> int:
    """Return the amount, which some replies hold as text."""
    found = required(data, "amount")
    if not found.isdecimal():
        raise ProviderDownError("the amount is not a whole number")
    return int(found)


def _note(plan: RefundPlan) -> str:
    return f"Refund {plan['refund_id']}"


def _find_refund(api: Api, plan: RefundPlan) -> Refunded | None:
    """Return the refund whose note has our id, or None. Another amount under our id needs an admin."""
    since = datetime.fromisoformat(plan["requested_at"]) - CLOCK_DIFFERENCE
    query = {"from": since.isoformat(), "perPage": PER_PAGE}
    if plan["provider_payment_id"]:
        query["transaction"] = plan["provider_payment_id"]
    for row in api.pages("/refund", PAGE_COUNT, **query):
        if plan["refund_id"] in str(row.get("merchant_note")):
            found = _refunded(row)
            is_right = _hundredths(row) == plan["amount_minor"]
            return found if is_right else Refunded(RefundOutcome.NEEDS_ATTENTION, found.provider_refund_id)
    return None


def _refunded(data: Json) -> Refunded:
    return Refunded(REFUND_OUTCOMES.get(required(data, "status"), RefundOutcome.PENDING), required(data, "id"))


def _notice(kind: str, data: Json) -> Notice:
    """Return what the webhook is about. The payment or refund itself is looked up."""
    transaction = part(data, "transaction")
    reference = text(data, "transaction_reference", "reference") or text(transaction, "reference")
    facts = (kind, text(data, "id", "refund_reference", "transaction_reference", "reference"), text(data, "status"))
    event_id = ":".join(fact or "" for fact in facts)
    if len(event_id) > LONGEST_EVENT_ID:
        raise UnreadableWebhookError
    if kind == "charge.success":
        return Notice(event_id, Topic.PAYMENT, kind, _own(reference), provider_payment_id=text(data, "id"))
    paid = text(transaction, "id")
    if kind.startswith("charge.dispute."):
        return Notice(event_id, Topic.DISPUTE, kind, _own(reference), provider_payment_id=paid)
    if kind.startswith("refund."):
        refund_id = text(data, "id")
        return Notice(
            event_id, Topic.REFUND, kind, _own(reference), provider_payment_id=paid, provider_refund_id=refund_id
        )
    return Notice(event_id, Topic.OTHER, kind)


def _payment_moved(row: Json) -> Movement:
    return Movement(
        required(row, "id"),
        _own(text(row, "reference")),
        _hundredths(row),
        required(row, "currency"),
        _time(row, "paid_at", "paidAt", "created_at", "createdAt"),
    )


def _refund_moved(row: Json) -> Movement:
    """Read a refund, whose `transaction` is an id in some replies and an object in others."""
    transaction = part(row, "transaction")
    return Movement(
        text(row, "transaction") or required(transaction, "id"),
        _own(text(row, "transaction_reference") or text(transaction, "reference")),
        _hundredths(row),
        required(row, "currency"),
        _time(row, "refunded_at", "updatedAt", "updated_at", "createdAt", "created_at"),
        required(row, "id"),
    )


def _time(row: Json, *names: str) -> datetime:
    try:
        found = datetime.fromisoformat(required(row, *names))
    except ValueError:
        raise ProviderDownError("a time cannot be read") from None
    if found.tzinfo is None:
        raise ProviderDownError("a time has no zone")
    return found
