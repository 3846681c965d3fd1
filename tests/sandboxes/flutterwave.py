"""Flutterwave's version 3 as a local server: payments, transactions, refunds, lists and webhooks.

Fields and messages follow the repository `Flutterwave/Node-v3` and Flutterwave's pages.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlencode
from uuid import uuid4

import orjson

from contracts.money import DIGITS, USUAL_DIGITS
from tests.sandboxes.page import Button, Checkout
from tests.sandboxes.scenarios import Scenario, charged
from tests.sandboxes.server import Sandbox, serve
from tests.sandboxes.store import Json
from tests.sandboxes.web import Answer, Refused, Request, route

PAGE_SIZE = 10
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")
CURRENCY = re.compile(r"[A-Z]{3}\Z")
REQUIRED = ("tx_ref", "amount", "currency", "redirect_url", "customer")
MONEY = ("amount", "charged_amount", "amount_settled", "amount_refunded")
"""The fields that are decimal numbers on the wire, and texts in the store."""


def now() -> str:
    """Return the time as Flutterwave writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Flutterwave(Sandbox):
    """An account at Flutterwave that accepts every currency."""

    name = "flutterwave"

    def sign(self, _body: bytes, _at: int, secret: str) -> dict[str, str]:
        """Return the secret hash itself: version 3 does not sign the body."""
        return {"verif-hash": secret}

    def error(self, status: int, message: str) -> Answer:
        """Return an error in Flutterwave's form."""
        return _failure(status, "Invalid authorization key" if status == 401 else message)

    # --- payments -----------------------------------------------------------------------------------------------------

    @route("POST", "/v3/payments")
    def create_payment(self, request: Request) -> Answer:
        """Make a hosted link. The same reference may have several links."""
        asked = _body(request)
        missing = next((name for name in REQUIRED if not asked.get(name)), None)
        if missing:
            raise Refused(_failure(400, f"{missing} is required"))
        if not EMAIL.match(str(asked["customer"].get("email", ""))):
            raise Refused(_failure(400, "customer email is required"))
        if not CURRENCY.match(str(asked["currency"])) or _minor(asked["amount"], asked["currency"]) < 1:
            raise Refused(_failure(400, "amount or currency is invalid"))
        wait = self.trouble(asked["tx_ref"], "create")
        code = uuid4().hex
        names = ("tx_ref", "amount", "currency", "redirect_url", "customer", "customizations")
        self.store.put("link", code, {name: asked.get(name) for name in names})
        answer = _success("Hosted Link", {"link": f"{self.options.url}/pay/{code}"})
        return self._done(asked["tx_ref"], "create", answer, wait)

    def _done(self, reference: str, operation: str, answer: Answer, wait: Callable[[], None] | None) -> Answer:
        """Return the answer; with `stored_error`, the first answer of an operation is a 500 instead."""
        key = f"{reference} {operation}"
        if self.scenario(reference) is Scenario.STORED_ERROR and self.store.get("stored_error", key) is None:
            self.store.put("stored_error", key, {})
            return self.error(500, "The sandbox fails after the work.")
        answer.before = wait
        return answer

    # --- the page -----------------------------------------------------------------------------------------------------

    def checkout(self, key: str) -> Checkout | None:
        """Return the checkout of a link. It closes when the reference is paid."""
        link = self.store.get("link", key)
        if link is None:
            return None
        tries = self.store.find("transaction", tx_ref=link["tx_ref"])
        is_open = all(one["status"] == "failed" for one in tries)
        title = (link["customizations"] or {}).get("title", "")
        return Checkout("Flutterwave", link["tx_ref"], title, f"{link['amount']} {link['currency']}", is_open)

    def press(self, key: str, button: Button, scenario: Scenario) -> str:
        """Let the payer press a button. Only a try makes a transaction."""
        link = self.store.get("link", key)
        assert link is not None, "the page exists"
        if button is Button.ABANDON:
            return _return(link, status="cancelled")
        found = self._try(link, scenario, "failed" if button is Button.DECLINE else "pending")
        number = str(found["id"])
        if button is Button.DECLINE:
            self._send(found)
            return _return(link, status="failed", transaction_id=number)
        if scenario is Scenario.DELAYED_SUCCESS:
            self.later(self.options.delayed_seconds, "succeed", number)
            return _return(link, status="pending", transaction_id=number)
        self._succeed(number)
        return _return(link, status="successful", transaction_id=number)

    def _try(self, link: Json, scenario: Scenario, status: str) -> Json:
        minor, currency = charged(scenario, _minor(link["amount"], link["currency"]), link["currency"])
        number = 4_975_000 + self.store.next_number("transaction")
        amount = str(Decimal(minor).scaleb(-DIGITS.get(currency, USUAL_DIGITS)))
        found = {
            "id": number,
            "tx_ref": link["tx_ref"],
            "flw_ref": f"FLW-MOCK-{number}",
            "amount": amount,
            "currency": currency,
            "charged_amount": amount,
            "processor_response": "Declined" if status == "failed" else "Approved",
            "status": status,
            "payment_type": "card",
            "created_at": now(),
            "account_id": 73_362,
            "customer": {"id": 216_519, **link["customer"]},
        }
        return self.store.put("transaction", str(number), found)

    def perform(self, job: str, key: str) -> None:
        """Let money come, or let a refund go on."""
        {"succeed": self._succeed, "refund": self._end_refund}[job](key)

    def _succeed(self, number: str) -> None:
        found = self._record("transaction", number)
        self._send(self.store.put("transaction", number, found | {"status": "successful"}))

    def _send(self, transaction: Json) -> None:
        scenario, number = self.scenario(transaction["tx_ref"]), transaction["id"]
        body = {"event": "charge.completed", "data": _wire(transaction), "event.type": "CARD_TRANSACTION"}
        self.webhooks.send(transaction["tx_ref"], f"charge-{number}", orjson.dumps(body).decode(), scenario)

    def _record(self, kind: str, key: str) -> Json:
        found = self.store.get(kind, key)
        assert found is not None, "a job leads to its record"
        return found

    # --- transactions -------------------------------------------------------------------------------------------------

    @route("GET", "/v3/transactions/verify_by_reference")
    def verify_reference(self, request: Request) -> Answer:
        """Return the newest try with a reference."""
        reference = request.query.get("tx_ref", "")
        wait = self.trouble(reference, "verify")
        tries = self.store.find("transaction", tx_ref=reference)
        if not tries:
            raise Refused(_failure(400, "No transaction was found for this id"))
        answer = _success("Transaction fetched successfully", _wire(tries[-1]))
        return self._done(reference, "verify", answer, wait)

    @route("GET", "/v3/transactions/{number}/verify")
    def verify(self, _request: Request, number: str) -> Answer:
        """Return a transaction."""
        return _success("Transaction fetched successfully", _wire(self._transaction(number)))

    @route("GET", "/v3/transactions")
    def list_transactions(self, request: Request) -> Answer:
        """List transactions, newest first."""
        chosen = {name: value for name, value in request.query.items() if name in ("tx_ref", "status")}
        return _page("Transactions fetched", self.store.find("transaction", **chosen), request)

    def _transaction(self, number: str) -> Json:
        found = self.store.get("transaction", number)
        if found is None:
            raise Refused(_failure(400, "No transaction was found for this id"))
        return found

    # --- refunds ------------------------------------------------------------------------------------------------------

    @route("POST", "/v3/transactions/{number}/refund")
    def create_refund(self, request: Request, number: str) -> Answer:
        """Refund a transaction. Two equal requests are two refunds."""
        found, asked = self._transaction(number), _body(request)
        reference, currency = found["tx_ref"], found["currency"]
        wait = self.trouble(reference, "refund")
        amount = asked.get("amount") or found["amount"]
        open_amount = self._refundable(found)
        if found["status"] != "successful" or not 0 < _minor(amount, currency) <= open_amount:
            raise Refused(_failure(400, "Refund amount cannot be more than the transaction amount"))
        refund_id = 8_600 + self.store.next_number("refund")
        refund = {
            "id": refund_id,
            "account_id": 73_362,
            "transaction_id": found["id"],
            "flw_ref": f"URF_{refund_id}",
            "amount_refunded": str(amount),
            "status": self._first_status(reference),
            "comment": asked.get("comments", ""),
            "settlement_id": "NEW",
            "meta": json.dumps({"source": "availablebalance"}),
            "created_at": now(),
        }
        self.store.put("refund", str(refund_id), refund)
        self.later(self.options.webhook_delay, "refund", str(refund_id))
        data = _wire(refund) | {"tx_id": found["id"], "wallet_id": 74_639, "destination": "payment_source"}
        return self._done(reference, "refund", _success("Transaction refund initiated", data), wait)

    def _first_status(self, reference: str) -> str:
        scenario = self.scenario(reference)
        if scenario is Scenario.DELAYED_SUCCESS:
            return "pending-momo"
        is_slow = scenario in (Scenario.REFUND_FAILS, Scenario.REFUND_NEEDS_ATTENTION)
        return "processing" if is_slow else "completed"

    def _end_refund(self, number: str) -> None:
        refund = self._record("refund", number)
        scenario = self.scenario(self._transaction(str(refund["transaction_id"]))["tx_ref"])
        ends = {Scenario.REFUND_FAILS: "failed", Scenario.DELAYED_SUCCESS: "completed-momo"}
        self.store.put("refund", number, refund | {"status": ends.get(scenario, refund["status"])})

    def _refundable(self, transaction: Json) -> int:
        currency = transaction["currency"]
        refunds = self.store.find("refund", transaction_id=transaction["id"])
        back = sum(_minor(one["amount_refunded"], currency) for one in refunds if one["status"] != "failed")
        return _minor(transaction["amount"], currency) - back

    @route("GET", "/v3/refunds")
    def list_refunds(self, request: Request) -> Answer:
        """List refunds, newest first; `id` is the id of their transaction."""
        named = request.query.get("id")
        found = [one for one in self.store.find("refund") if named in (None, str(one["transaction_id"]))]
        return _page("Refunds fetched", found, request)


def _body(request: Request) -> Json:
    """Return the body; its fractions are texts."""
    found: Json = json.loads(request.body, parse_float=str)
    return found


def _minor(amount: str | int, currency: str) -> int:
    """Return an amount in minor units. A finer amount is no amount."""
    minor = Decimal(amount).scaleb(DIGITS.get(currency, USUAL_DIGITS))
    return int(minor) if minor == int(minor) else 0


def _return(link: Json, **query: str) -> str:
    """Return the page to which the browser goes."""
    return f"{link['redirect_url']}?{urlencode({**query, 'tx_ref': link['tx_ref']})}"


def _wire(record: Json) -> Json:
    """Return a record whose amounts are numbers of JSON."""
    return record | {name: orjson.Fragment(str(record[name])) for name in MONEY if name in record}


def _as_json(status: int, data: object) -> Answer:
    return Answer(status, orjson.dumps(data), {"Content-Type": "application/json"})


def _success(message: str, data: object) -> Answer:
    return _as_json(200, {"status": "success", "message": message, "data": data})


def _failure(status: int, message: str) -> Answer:
    return _as_json(status, {"status": "error", "message": message, "data": None})


def _page(message: str, found: list[Json], request: Request) -> Answer:
    """Return one page of the records that were created from the day `from` to the day `to`."""
    begin, end = request.query.get("from", ""), request.query.get("to", "9")
    chosen = [one for one in reversed(found) if begin <= one["created_at"][:10] <= end]
    number = int(request.query.get("page", 1))
    pages = -(-len(chosen) // PAGE_SIZE)
    info = {"total": len(chosen), "current_page": number, "total_pages": pages}
    data = [_wire(one) for one in chosen[PAGE_SIZE * (number - 1) : PAGE_SIZE * number]]
    return _as_json(200, {"status": "success", "message": message, "meta": {"page_info": info}, "data": data})


if __name__ == "__main__":
    serve(Flutterwave)
