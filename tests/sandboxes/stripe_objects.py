"""The objects and parameters of Stripe, as its API version 2026-10-28 writes them."""

import re
import time
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from tests.sandboxes.store import Json

API_VERSION = "2026-10-28.endive"
DAY = 86_400
UNITS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905
THOUSANDTHS = "bhd jod kwd omr tnd".split()  # noqa: SIM905
WHOLE_HUNDREDTHS = ("isk", "ugx")


def new_id(prefix: str) -> str:
    """Return an id such as `cs_test_...`."""
    return f"{prefix}_{uuid.uuid4().hex}"


def parameters(encoded: str) -> Json:
    """Return `line_items[0][price_data][currency]=eur` as nested dicts; list indices are keys too."""
    found: Json = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        first, *rest = [re.sub(r"\]$", "", part) for part in name.split("[")]
        place, path = found, [first, *rest]
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1] or str(len(place))] = value
    return found


def in_words(amount: int, currency: str) -> str:
    """Return an amount for the page, such as `12.50 EUR`."""
    digits = 0 if currency in UNITS else 3 if currency in THOUSANDTHS else 2
    return f"{amount / 10**digits:,.{digits}f} {currency.upper()}"


def amount_fault(amount: int, currency: str) -> tuple[str, str] | None:
    """Return the error code and message for an amount that Stripe does not take."""
    if amount < 1:
        return "parameter_invalid_integer", "Invalid positive integer"
    if currency in THOUSANDTHS and amount % 10:
        return "amount_invalid", f"Invalid amount. Amounts in {currency} must be divisible by 10."
    if currency in WHOLE_HUNDREDTHS and amount % 100:
        text = f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal"
        return "invalid_charge_amount_no_decimal_compatible", f"{text} and charged amounts must be divisible by 100."
    return None


def session(given: Json, amount: int, currency: str, url: str) -> Json:
    """Return an open Checkout Session."""
    session_id, now = new_id("cs_test"), int(time.time())
    return {
        "id": session_id, "object": "checkout.session", "amount_subtotal": amount, "amount_total": amount,
        "automatic_tax": {"enabled": False}, "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"), "created": now, "currency": currency,
        "custom_fields": [], "custom_text": {}, "customer": None, "customer_email": given.get("customer_email"),
        "expires_at": int(given.get("expires_at") or now + DAY), "livemode": False,
        "metadata": given.get("metadata", {}), "mode": "payment", "payment_intent": None,
        "payment_method_types": ["card"], "payment_status": "unpaid", "shipping_options": [], "status": "open",
        "success_url": given["success_url"], "ui_mode": "hosted_page", "url": f"{url}/pay/{session_id}",
    }  # fmt: skip


def payment_intent(amount: int, currency: str, metadata: Json) -> Json:
    """Return a PaymentIntent before its first success."""
    return {
        "id": new_id("pi"), "object": "payment_intent", "amount": amount, "amount_capturable": 0, "amount_received": 0,
        "canceled_at": None, "capture_method": "automatic_async", "confirmation_method": "automatic",
        "created": int(time.time()), "currency": currency, "last_payment_error": None, "latest_charge": None,
        "livemode": False, "metadata": metadata, "payment_method_types": ["card"], "status": "requires_payment_method",
    }  # fmt: skip


def charge(payment: Json) -> Json:
    """Return the charge of a PaymentIntent that has succeeded."""
    return {
        "id": new_id("ch"), "object": "charge", "amount": payment["amount_received"],
        "amount_captured": payment["amount_received"], "amount_refunded": 0, "balance_transaction": new_id("txn"),
        "captured": True, "created": int(time.time()), "currency": payment["currency"], "disputed": False,
        "livemode": False, "metadata": payment["metadata"], "paid": True, "payment_intent": payment["id"],
        "refunded": False, "status": "succeeded",
    }  # fmt: skip


def refund(of: Json, amount: int, given: Json, status: str) -> Json:
    """Return a refund of a charge."""
    return {
        "id": new_id("re"), "object": "refund", "amount": amount, "balance_transaction": new_id("txn"),
        "charge": of["id"], "created": int(time.time()), "currency": of["currency"],
        "metadata": given.get("metadata", {}), "payment_intent": of["payment_intent"], "reason": given.get("reason"),
        "receipt_number": None, "status": status,
    }  # fmt: skip


def balance_transaction(source: Json) -> Json:
    """Return the transaction of a charge or a refund."""
    is_charge = source["object"] == "charge"
    return {
        "id": source["balance_transaction"], "object": "balance_transaction",
        "amount": source["amount"] if is_charge else -source["amount"], "available_on": int(time.time()),
        "created": int(time.time()), "currency": source["currency"], "fee": 0, "fee_details": [],
        "net": source["amount"] if is_charge else -source["amount"], "source": source["id"], "status": "available",
        "reporting_category": source["object"], "type": source["object"],
    }  # fmt: skip


def dispute(of: Json) -> Json:
    """Return a dispute of a charge."""
    return {
        "id": new_id("du"), "object": "dispute", "amount": of["amount"], "balance_transactions": [],
        "charge": of["id"], "created": int(time.time()), "currency": of["currency"], "evidence": {},
        "is_charge_refundable": False, "livemode": False, "metadata": {}, "payment_intent": of["payment_intent"],
        "reason": "fraudulent", "status": "needs_response",
    }  # fmt: skip


def event(kind: str, about: Json) -> Json:
    """Return a webhook's event."""
    return {
        "id": new_id("evt"), "object": "event", "api_version": API_VERSION, "created": int(time.time()),
        "data": {"object": about}, "livemode": False, "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None}, "type": kind,
    }  # fmt: skip


def listed(found: Iterable[Json], query: dict[str, str], url: str) -> Json:
    """Return a page of a list, newest first: `limit`, `starting_after`, `created[gte]` and `created[lt]`."""
    least, end = float(query.get("created[gte]", 0)), float(query.get("created[lt]", "inf"))
    rows: list[Any] = [row for row in reversed(list(found)) if least <= row["created"] < end]
    if after := query.get("starting_after"):
        rows = rows[[row["id"] for row in rows].index(after) + 1 :]
    limit = min(int(query.get("limit", 10)), 100)
    return {"object": "list", "url": url, "has_more": len(rows) > limit, "data": rows[:limit]}
