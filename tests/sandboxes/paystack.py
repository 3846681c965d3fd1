"""Paystack as a local server: transactions, refunds, lists and signed webhooks.

Fields and messages follow the repositories `PaystackOSS/openapi` and `PaystackOSS/doc-code-snippets`.
"""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import uuid4

from contracts.money import in_words
from tests.sandboxes.options import Options
from tests.sandboxes.page import Button, Checkout
from tests.sandboxes.scenarios import Scenario, charged
from tests.sandboxes.server import Sandbox, serve
from tests.sandboxes.store import Json
from tests.sandboxes.web import Answer, Refused, Request, as_json, route

REFERENCE = re.compile(r"[A-Za-z0-9.=-]+\Z")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")
CURRENCY = re.compile(r"[A-Z]{3}\Z")
FIRST, LAST = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
REFUND_ENDS = {Scenario.REFUND_FAILS: "failed", Scenario.REFUND_NEEDS_ATTENTION: "needs-attention"}
"""The last states of refunds; `processed` in all other scenarios."""


def now() -> str:
    """Return the time as Paystack writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def payment_of(reference: str) -> str:
    """Return the reference without the suffix of an attempt: all attempts of a payment share its scenario."""
    return reference.partition("-")[0]


class Paystack(Sandbox):
    """An account at Paystack that accepts every currency with hundredths."""

    name = "paystack"

    def __init__(self, options: Options) -> None:
        options.webhook_secret = options.secret_key  # Paystack signs with the key of the account.
        super().__init__(options)

    def sign(self, body: bytes, _at: int, secret: str) -> dict[str, str]:
        """Return the HMAC-SHA512 of the body."""
        return {"x-paystack-signature": hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()}

    def error(self, status: int, message: str) -> Answer:
        """Return an error in Paystack's form."""
        code = {401: "invalid_Key", 404: "not_found"}.get(status, "unknown")
        return _failure(status, "Invalid key" if code == "invalid_Key" else message, code)

    # --- transactions -------------------------------------------------------------------------------------------------

    @route("POST", "/transaction/initialize")
    def initialize(self, request: Request) -> Answer:
        """Start a transaction. Its reference is new."""
        asked = request.json()
        reference = str(asked.get("reference") or uuid4().hex)
        self._check(asked, reference)
        wait = self.trouble(payment_of(reference), "initialize")
        if self.store.get("transaction", reference):
            raise Refused(_failure(400, "Duplicate Transaction Reference", "duplicate_reference"))
        code = uuid4().hex[:15]
        transaction = {
            "id": 2_009_000_000 + self.store.next_number("transaction"),
            "status": "abandoned",
            "reference": reference,
            "amount": int(asked["amount"]),
            "requested_amount": int(asked["amount"]),
            "currency": asked.get("currency", "NGN"),
            "gateway_response": "The transaction was not completed",
            "paid_at": None,
            "created_at": now(),
            "customer": {"email": asked["email"]},
            "callback_url": asked.get("callback_url"),
            "access_code": code,
        }
        self.store.put("transaction", reference, transaction)
        self.store.put("code", code, {"reference": reference})
        data = {
            "authorization_url": f"{self.options.url}/pay/{code}",
            "access_code": code,
            "reference": reference,
        }
        return self._done(payment_of(reference), "initialize", _success("Authorization URL created", data), wait)

    def _check(self, asked: Json, reference: str) -> None:
        if not EMAIL.match(str(asked.get("email", ""))):
            raise Refused(_failure(400, "Invalid Email Address Passed", "invalid_email_address"))
        if not str(asked.get("amount", "")).isdecimal() or int(asked["amount"]) < 1:
            raise Refused(_failure(400, "Invalid Amount Sent", "invalid_amount"))
        if not REFERENCE.match(reference):
            message = "Invalid character in transaction reference"
            raise Refused(_failure(400, message, "invalid_transaction_reference"))
        if not CURRENCY.match(str(asked.get("currency", "NGN"))):
            raise Refused(_failure(403, "Currency not supported by merchant", "unsupported_currency"))

    @route("GET", "/transaction/verify/{reference}")
    def verify(self, _request: Request, reference: str) -> Answer:
        """Return a transaction."""
        wait = self.trouble(payment_of(reference), "verify")
        found = self.store.get("transaction", reference)
        if found is None:
            raise Refused(_failure(400, "Transaction reference not found.", "transaction_not_found"))
        return self._done(payment_of(reference), "verify", _success("Verification successful", _shown(found)), wait)

    @route("GET", "/transaction")
    def list_transactions(self, request: Request) -> Answer:
        """List transactions, newest first."""
        found = [_shown(one) for one in self.store.find("transaction")]
        status = request.query.get("status")
        return _page("Transactions retrieved", [one for one in found if status in (None, one["status"])], request)

    def _done(self, reference: str, operation: str, answer: Answer, wait: object) -> Answer:
        """Return the answer; with `stored_error`, the first answer of an operation is a 500 instead."""
        key = f"{reference} {operation}"
        if self.scenario(reference) is Scenario.STORED_ERROR and self.store.get("stored_error", key) is None:
            self.store.put("stored_error", key, {})
            return self.error(500, "The sandbox fails after the work.")
        answer.before = wait if callable(wait) else None
        return answer

    # --- the page -----------------------------------------------------------------------------------------------------

    def checkout(self, key: str) -> Checkout | None:
        """Return the checkout of an access code."""
        code = self.store.get("code", key)
        if code is None:
            return None
        found = self._transaction(code["reference"])
        amount = in_words(found["requested_amount"], found["currency"])
        is_open = found["status"] in ("abandoned", "failed")
        return Checkout("Paystack", payment_of(found["reference"]), found["customer"]["email"], amount, is_open)

    def press(self, key: str, button: Button, scenario: Scenario) -> str:
        """Let the payer press a button."""
        code = self.store.get("code", key)
        assert code is not None, "the page exists"
        found = self._transaction(code["reference"])
        if button is Button.DECLINE:
            self._put(found | {"status": "failed", "gateway_response": "Declined"})
        elif button is Button.PAY and scenario is Scenario.DELAYED_SUCCESS:
            self._put(found | {"status": "pending"})
            self.later(self.options.delayed_seconds, "succeed", found["reference"])
        elif button is Button.PAY:
            self.perform("succeed", found["reference"])
        query = urlencode({"trxref": found["reference"], "reference": found["reference"]})
        return f"{found['callback_url'] or self.options.url}?{query}"

    def perform(self, job: str, key: str) -> None:
        """Let money come, or let a refund go on."""
        {"succeed": self._succeed, "refund": self._end_refund}[job](key)

    def _succeed(self, reference: str) -> None:
        found, scenario = self._transaction(reference), self.scenario(payment_of(reference))
        amount, currency = charged(scenario, found["requested_amount"], found["currency"])
        paid = {"status": "success", "paid_at": now(), "amount": amount, "currency": currency}
        found = self._put(found | paid | {"gateway_response": "Successful"})
        self._send("charge.success", _shown(found), reference, f"charge-{found['id']}")
        if scenario is Scenario.DISPUTE:
            data = {
                "id": 358_000 + self.store.next_number("dispute"),
                "refund_amount": amount,
                "currency": currency,
                "status": "awaiting-merchant-feedback",
                "transaction": _shown(found),
                "transaction_reference": None,
            }
            self._send("charge.dispute.create", data, reference, f"dispute-{data['id']}")

    def _transaction(self, reference: str) -> Json:
        found = self.store.get("transaction", reference)
        assert found is not None, "a reference leads to a transaction"
        return found

    def _put(self, transaction: Json) -> Json:
        return self.store.put("transaction", transaction["reference"], transaction)

    def _send(self, event: str, data: Json, reference: str, event_id: str) -> None:
        payment = payment_of(reference)
        self.webhooks.send(payment, event_id, json.dumps({"event": event, "data": data}), self.scenario(payment))

    # --- refunds ------------------------------------------------------------------------------------------------------

    @route("POST", "/refund")
    def create_refund(self, request: Request) -> Answer:
        """Queue a refund. Two equal requests are two refunds."""
        asked = request.json()
        named = str(asked.get("transaction", ""))
        found = next(
            (one for one in self.store.find("transaction") if named in (str(one["id"]), one["reference"])), None
        )
        if found is None:
            raise Refused(_failure(404, "Transaction not found", "transaction_not_found"))
        wait = self.trouble(payment_of(found["reference"]), "refund")
        amount = int(asked.get("amount") or self._refundable(found))
        if found["status"] != "success" or self._refundable(found) < 1:
            raise Refused(_failure(400, "Transaction has been fully reversed", "transaction_reversed"))
        if amount > self._refundable(found):
            raise Refused(_failure(400, "Refund amount cannot be more than transaction amount", "invalid_amount"))
        refund = {
            "id": 3_018_000 + self.store.next_number("refund"),
            "transaction": found["id"],
            "transaction_reference": found["reference"],
            "amount": amount,
            "currency": found["currency"],
            "status": "pending",
            "merchant_note": asked.get("merchant_note", f"Refund for transaction {found['reference']}"),
            "refunded_at": None,
            "createdAt": now(),
            "updatedAt": now(),
        }
        self.store.put("refund", str(refund["id"]), refund)
        self._send_refund(refund)
        self.later(self.options.webhook_delay, "refund", str(refund["id"]))
        data = {**refund, "transaction": _shown(found)}
        answer = _success("Refund has been queued for processing", data)
        return self._done(payment_of(found["reference"]), "refund", answer, wait)

    @route("GET", "/refund")
    def list_refunds(self, request: Request) -> Answer:
        """List refunds, newest first."""
        named = request.query.get("transaction")
        found = [one for one in self.store.find("refund") if named in (None, str(one["transaction"]))]
        return _page("Refunds retrieved", found, request)

    @route("GET", "/refund/{number}")
    def fetch_refund(self, _request: Request, number: str) -> Answer:
        """Return a refund, whose amount is a text here."""
        found = self.store.get("refund", number)
        if found is None:
            raise Refused(_failure(404, "Refund not found", "not_found"))
        return _success("Refund retrieved", found | {"amount": str(found["amount"])})

    def _refundable(self, transaction: Json) -> int:
        refunds = self.store.find("refund", transaction=transaction["id"])
        return int(transaction["amount"]) - sum(int(one["amount"]) for one in refunds if one["status"] != "failed")

    def _end_refund(self, number: str) -> None:
        refund = self.store.get("refund", number)
        assert refund is not None, "a job leads to a refund"
        found = self._transaction(refund["transaction_reference"])
        status = REFUND_ENDS.get(self.scenario(payment_of(found["reference"])), "processed")
        refunded_at = now() if status == "processed" else None
        refund = self.store.put("refund", number, refund | {"status": status, "refunded_at": refunded_at})
        if status == "processed" and self._refundable(found) == 0:
            self._put(found | {"status": "reversed"})
        self._send_refund(refund)

    def _send_refund(self, refund: Json) -> None:
        """Send a webhook. It has no id of the refund, and its amount is a text unless the refund failed."""
        status, reference = refund["status"], refund["transaction_reference"]
        data = {
            "status": status,
            "transaction_reference": reference,
            "refund_reference": f"TRF_{refund['id']}" if status in ("processed", "failed") else None,
            "amount": refund["amount"] if status == "failed" else str(refund["amount"]),
            "currency": refund["currency"],
        }
        self._send(f"refund.{status}", data, reference, f"refund-{refund['id']}-{status}")


def _success(message: str, data: object) -> Answer:
    return as_json(200, {"status": True, "message": message, "data": data})


def _failure(status: int, message: str, code: str) -> Answer:
    kind = "api_error" if status >= 500 else "validation_error"
    return as_json(status, {"status": False, "message": message, "meta": {"nextStep": ""}, "type": kind, "code": code})


def _shown(transaction: Json) -> Json:
    """Return what a client sees of a transaction."""
    return {name: value for name, value in transaction.items() if name not in ("callback_url", "access_code")}


def _created(record: Json) -> datetime:
    return datetime.fromisoformat(record.get("created_at") or record["createdAt"])


def _page(message: str, found: list[Json], request: Request) -> Answer:
    """Return one page of the records that were created from `from` to `to`."""
    begin, end = (datetime.fromisoformat(request.query.get(name, day)) for name, day in (("from", FIRST), ("to", LAST)))
    chosen = [one for one in reversed(found) if begin <= _created(one) <= end]
    size, number = int(request.query.get("perPage", 50)), int(request.query.get("page", 1))
    pages = -(-len(chosen) // size)
    meta = {"total": len(chosen), "skipped": size * (number - 1), "perPage": size, "page": number, "pageCount": pages}
    data = chosen[size * (number - 1) : size * number]
    return as_json(200, {"status": True, "message": message, "data": data, "meta": meta})


if __name__ == "__main__":
    serve(Paystack)
