"""Flutterwave's version 3: hosted checkouts in major units of a currency, as decimal numbers.

A refund has no idempotency key. Sources: Flutterwave's pages on payments, refunds and webhooks, and the documentation
in the GitHub repository `Flutterwave/Node-v3`.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

import orjson

from chassis import clock, config
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

NAME = Provider.FLUTTERWAVE
PAGE_COUNT = ("meta", "page_info", "total_pages")
DAY = timedelta(days=1)
"""The lists filter by days, whose time zone is not documented."""
SECRET_HASH, SIGNATURE = "verif-hash", "flutterwave-signature"
"""The headers of version 3, which has the secret itself, and of version 4, which has an HMAC of the body."""
LONGEST_EVENT_ID = 200
MOST_DIGITS = 18
"""Amounts are 64-bit integers."""

OUTCOMES = {"successful": Outcome.SUCCEEDED, "failed": Outcome.FAILED}
"""All other states, such as `pending`, are not final."""
BEST_FIRST = (Outcome.SUCCEEDED, Outcome.PENDING, Outcome.FAILED)


def is_offered() -> bool:
    """Return whether `FLUTTERWAVE_SECRET_KEY` is set."""
    return settings.current().flutterwave is not None


def start(plan: Plan) -> Started:
    """Start the payment. A repeated start returns another address for the same reference."""
    email = plan.get("email")
    if not email:
        raise ProviderRefusedError("Flutterwave requires the e-mail address of the payer")
    body = {
        "tx_ref": plan["reference"],
        "amount": _number(plan["amount_minor"], plan["currency"]),
        "currency": plan["currency"],
        "redirect_url": plan.get("return_url") or config.current().public_url,
        "customer": {"email": email},
        "customizations": {"title": plan.get("title") or settings.current().hospital_name},
    }
    reply = _api().post("/payments", orjson.dumps(body))
    return Started(required(part(reply, "data"), "link"))


def look_up(checkout: Checkout) -> Looked:
    """Return the best state of all tries with this reference. It is unknown until the payer's first try."""
    api, reference = _api(), checkout["reference"]
    try:
        data = part(api.get("/transactions/verify_by_reference", tx_ref=reference), "data")
    except RefusalError as error:
        if "no transaction" not in error.reason and "not found" not in error.reason:
            raise
        return Looked(Outcome.UNKNOWN)
    if text(data, "tx_ref") != reference:
        raise ProviderDownError("the reply has another reference")
    last = _looked(data)
    if last.outcome is Outcome.SUCCEEDED:
        return last
    created = datetime.fromisoformat(checkout["created_at"])
    query = {"tx_ref": reference, **_days(created, clock.now())}
    tries = (row for row in api.pages("/transactions", PAGE_COUNT, **query) if text(row, "tx_ref") == reference)
    return min((last, *map(_looked, tries)), key=lambda looked: BEST_FIRST.index(looked.outcome))


def refund(plan: RefundPlan) -> Refunded:
    """Pay money back. The comment of a refund has our id, by which a repeated call finds the first refund."""
    paid = plan["provider_payment_id"]
    if not paid:
        raise ProviderRefusedError("Flutterwave refunds only a transaction whose id is known")
    api = _api()
    existing = _find_refund(api, plan)
    if existing is not None:
        return existing
    body = {"amount": _number(plan["amount_minor"], plan["currency"]), "comments": f"Refund {plan['refund_id']}"}
    return _refunded(part(api.post(f"/transactions/{paid}/refund", orjson.dumps(body)), "data"))


def look_up_refund(plan: RefundPlan) -> Refunded:
    """Return the present state of a refund."""
    return _find_refund(_api(), plan) or Refunded(RefundOutcome.UNKNOWN)


def read_webhook(headers: Mapping[str, str], body: bytes, _now: datetime) -> Notice:
    """Check the secret hash, and read the body.

    Version 3 does not sign the body: it is a hint about which payment to look up, and no more.
    """
    secret = _account().secret_hash.encode()
    digest = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest())
    is_plain = hmac.compare_digest(headers.get(SECRET_HASH, "").encode(), secret)
    is_signed = hmac.compare_digest(headers.get(SIGNATURE, "").encode(), digest)
    if not (is_plain or is_signed):
        raise WrongSignatureError
    try:
        event = rest.parsed(body)
    except ValueError:
        raise UnreadableWebhookError from None
    kind = event.get("event", event.get("type"))
    if not isinstance(kind, str) or not isinstance(event.get("data"), dict):
        raise UnreadableWebhookError
    return _notice(kind, event)


def movements(begin: datetime, end: datetime) -> Iterable[Movement]:
    """Return the successful payments and the completed refunds that began from `begin` to before `end`."""
    api = Api(_account().url, _account().secret_key, rest.LIST_SECONDS)
    days = _days(begin, end)
    rows = api.pages("/transactions", PAGE_COUNT, **days)
    paid = [row for row in rows if OUTCOMES.get(str(row.get("status"))) is Outcome.SUCCEEDED]
    known = {required(row, "id"): row for row in paid}
    back = [row for row in api.pages("/refunds", PAGE_COUNT, **days) if _is_completed(str(row.get("status")))]
    found = [*map(_payment_moved, paid), *_refunds_moved(api, back, known)]
    return [movement for movement in found if begin <= movement.at < end]


def to_major(amount_minor: int, currency: str) -> Decimal:
    """Convert minor units to Flutterwave's major units: 1250 to `12.50` EUR, and to `1.250` KWD."""
    return Decimal(amount_minor).scaleb(-DIGITS.get(currency, USUAL_DIGITS))


def to_minor(amount: str, currency: str) -> int:
    """Convert a text in major units to minor units. Raises `ProviderDownError` if it has no such amount."""
    try:
        minor = Decimal(amount).scaleb(DIGITS.get(currency, USUAL_DIGITS))
    except InvalidOperation:
        raise ProviderDownError("the amount is not a number") from None
    if not minor.is_finite() or minor.adjusted() > MOST_DIGITS or minor != int(minor):
        raise ProviderDownError("the amount is no whole number of minor units")
    return int(minor)


def _number(amount_minor: int, currency: str) -> orjson.Fragment:
    """Return an amount as a number of JSON, without a binary fraction on the way."""
    return orjson.Fragment(f"{to_major(amount_minor, currency):f}")


def _amount(data: Json, name: str, currency: str) -> int:
    """Return an amount that a reply holds in major units: a number, or a text."""
    found = data.get(name)
    return to_minor(str(found) if isinstance(found, Decimal) else required(data, name), currency)


def _account() -> settings.FlutterwaveSettings:
    account = settings.current().flutterwave
    if account is None:
        raise ProviderRefusedError("FLUTTERWAVE_SECRET_KEY is not set")
    return account


def _api() -> Api:
    account = _account()
    return Api(account.url, account.secret_key)


def _days(begin: datetime, end: datetime) -> dict[str, str]:
    return {"from": (begin - DAY).date().isoformat(), "to": (end + DAY).date().isoformat()}


def _looked(data: Json) -> Looked:
    outcome = OUTCOMES.get(required(data, "status"), Outcome.PENDING)
    if outcome is not Outcome.SUCCEEDED:
        return Looked(outcome)
    currency = required(data, "currency")
    return Looked(outcome, _amount(data, "amount", currency), currency, required(data, "id"))


def _find_refund(api: Api, plan: RefundPlan) -> Refunded | None:
    """Return the refund of Flutterwave's id or with our id, or None. Another amount needs an admin."""
    query = _days(datetime.fromisoformat(plan["requested_at"]), clock.now())
    if plan["provider_payment_id"]:
        query["id"] = plan["provider_payment_id"]
    for row in api.pages("/refunds", PAGE_COUNT, **query):
        is_ours = plan["refund_id"] in f"{row.get('comment')} {row.get('comments')}"
        if is_ours or (plan["provider_refund_id"] is not None and text(row, "id") == plan["provider_refund_id"]):
            found = _refunded(row)
            is_right = _amount(row, "amount_refunded", plan["currency"]) == plan["amount_minor"]
            return found if is_right else Refunded(RefundOutcome.NEEDS_ATTENTION, found.provider_refund_id)
    return None


def _is_completed(status: str) -> bool:
    """Return whether Flutterwave has taken the money from the hospital's balance, such as `completed-mpgs`."""
    return status == "complete" or status.startswith("completed")


def _refunded(data: Json) -> Refunded:
    status = required(data, "status")
    outcome = RefundOutcome.FAILED if status.startswith("failed") else RefundOutcome.PENDING
    return Refunded(RefundOutcome.COMPLETED if _is_completed(status) else outcome, required(data, "id"))


def _notice(kind: str, event: Json) -> Notice:
    """Return what the webhook is about. Version 4 names the reference `reference`, and has an id of the event."""
    data = part(event, "data")
    reference, number = text(data, "tx_ref", "reference"), text(data, "id")
    facts = (kind, number or text(data, "flw_ref") or reference, text(data, "status"))
    event_id = text(event, "id", "webhook_id") or ":".join(fact or "" for fact in facts)
    if len(event_id) > LONGEST_EVENT_ID:
        raise UnreadableWebhookError
    if kind.startswith("charge."):
        return Notice(event_id, Topic.PAYMENT, kind, reference, provider_payment_id=number)
    if kind.startswith("refund."):
        paid = text(data, "tx_id", "transaction_id", "charge_id")
        return Notice(event_id, Topic.REFUND, kind, reference, provider_payment_id=paid, provider_refund_id=number)
    if kind.startswith("chargeback."):
        paid = text(data, "transaction_id", "charge_id")
        return Notice(event_id, Topic.DISPUTE, kind, reference, provider_payment_id=paid)
    return Notice(event_id, Topic.OTHER, kind)


def _payment_moved(row: Json) -> Movement:
    currency = required(row, "currency")
    return Movement(required(row, "id"), text(row, "tx_ref"), _amount(row, "amount", currency), currency, _created(row))


def _refunds_moved(api: Api, refunds: list[Json], known: dict[str, Json]) -> Iterator[Movement]:
    """Yield refunds, whose currency and reference only the transaction has."""
    for row in refunds:
        paid = required(row, "transaction_id", "tx_id")
        if paid not in known:
            known[paid] = part(api.get(f"/transactions/{paid}/verify"), "data")
        currency, reference = required(known[paid], "currency"), text(known[paid], "tx_ref")
        amount = _amount(row, "amount_refunded", currency)
        yield Movement(paid, reference, amount, currency, _created(row), required(row, "id"))


def _created(row: Json) -> datetime:
    try:
        found = datetime.fromisoformat(required(row, "created_at"))
    except ValueError:
        raise ProviderDownError("a time cannot be read") from None
    if found.tzinfo is None:
        raise ProviderDownError("a time has no zone")
    return found
