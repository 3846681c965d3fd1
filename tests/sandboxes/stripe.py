"""A local server that speaks Stripe's API: Checkout Sessions, refunds, balance transactions and signed webhooks.

Source: https://docs.stripe.com/api, and the code of the SDK `stripe` 16.1.0, which parses its answers.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable

from tests.sandboxes import stripe_objects as objects
from tests.sandboxes.page import Button, Checkout
from tests.sandboxes.scenarios import Scenario, charged
from tests.sandboxes.server import Sandbox, serve
from tests.sandboxes.store import Json
from tests.sandboxes.web import Answer, Refused, Request, as_json, route

SESSION_PARAMETERS = {
    "adaptive_pricing", "cancel_url", "client_reference_id", "customer_email", "expires_at", "line_items", "metadata",
    "mode", "payment_intent_data", "success_url",
}  # fmt: skip
REFUND_PARAMETERS = {"amount", "charge", "metadata", "payment_intent", "reason"}


class StripeSandbox(Sandbox):
    """Stripe."""

    name = "stripe"

    def sign(self, body: bytes, at: int, secret: str) -> dict[str, str]:
        """Return `Stripe-Signature`."""
        signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Stripe-Signature": f"t={at},v1={signature}"}

    def error(self, status: int, message: str, code: str | None = None, param: str | None = None) -> Answer:
        """Return an error in Stripe's form."""
        kind = "api_error" if status >= 500 else "invalid_request_error"
        return as_json(status, {"error": {"type": kind, "message": message, "code": code, "param": param}})

    # --- sessions ---------------------------------------------------------------------------------------------------

    @route("POST", "/v1/checkout/sessions")
    def create_session(self, request: Request) -> Answer:
        """Create a session."""
        given = self._parameters(request, SESSION_PARAMETERS, required=("mode", "success_url", "line_items"))
        data = [(line["price_data"], int(line["quantity"])) for line in given["line_items"].values()]
        amount, currency = sum(int(price["unit_amount"]) * number for price, number in data), data[0][0]["currency"]
        self._check_amount(amount, currency)
        titles = ", ".join(price["product_data"]["name"] for price, _number in data)

        def create() -> Json:
            session = objects.session(given, amount, currency, self.options.url)
            facts = given.get("payment_intent_data", {}).get("metadata", {})
            self.store.put("page", session["id"], {"title": titles, "metadata": facts})
            return self._put(session)

        return self._once(request, given.get("client_reference_id", ""), "start", create)

    @route("GET", "/v1/checkout/sessions")
    def list_sessions(self, request: Request) -> Answer:
        """List sessions."""
        return as_json(200, objects.listed(self.store.find("checkout.session"), request.query, request.path))

    @route("GET", "/v1/checkout/sessions/{key}")
    def get_session(self, request: Request, key: str) -> Answer:
        """Get a session, expired if its time is over."""
        session = self._get("checkout.session", key)
        if session["status"] == "open" and session["expires_at"] <= time.time():
            session = self._expire(session)
        if "payment_intent" in request.query.values() and session["payment_intent"]:
            session = session | {"payment_intent": self._get("payment_intent", session["payment_intent"])}
        return as_json(200, session)

    @route("POST", "/v1/checkout/sessions/{key}/expire")
    def expire_session(self, _request: Request, key: str) -> Answer:
        """Expire an open session."""
        session = self._get("checkout.session", key)
        if session["status"] != "open":
            text = f'Only Checkout Sessions with a status in ["open"] can be expired. It is {session["status"]}.'
            raise Refused(self.error(400, text))
        return as_json(200, self._expire(session))

    def _expire(self, session: Json) -> Json:
        session = self._put(session | {"status": "expired", "url": None})
        if session["payment_intent"]:
            payment = self._get("payment_intent", session["payment_intent"])
            payment = self._put(payment | {"status": "canceled", "cancellation_reason": "abandoned"})
            self._send("payment_intent.canceled", payment)
        self._send("checkout.session.expired", session)
        return session

    @route("GET", "/v1/payment_intents/{key}")
    def get_payment_intent(self, _request: Request, key: str) -> Answer:
        """Get a PaymentIntent."""
        return as_json(200, self._get("payment_intent", key))

    @route("GET", "/v1/balance_transactions")
    def list_balance_transactions(self, request: Request) -> Answer:
        """List charges and refunds on the balance, with their sources if asked."""
        found = objects.listed(self.store.find("balance_transaction"), request.query, request.path)
        if "data.source" in request.query.values():
            for each in found["data"]:
                kind = "charge" if each["source"].startswith("ch_") else "refund"
                each["source"] = self._get(kind, each["source"])
        return as_json(200, found)

    # --- refunds ------------------------------------------------------------------------------------------------------

    @route("POST", "/v1/refunds")
    def create_refund(self, request: Request) -> Answer:
        """Pay back a part of a charge, or its rest."""
        given = self._parameters(request, REFUND_PARAMETERS, required=("payment_intent",))
        reference = self._reference_of(self._get("payment_intent", given["payment_intent"]))
        return self._once(request, reference, "refund", lambda: self._refund(given, self.scenario(reference)))

    def _refund(self, given: Json, scenario: Scenario) -> Json:
        charge = next(iter(self.store.find("charge", payment_intent=given["payment_intent"])), None)
        if charge is None:
            raise Refused(self.error(400, "This PaymentIntent does not have a successful charge to refund."))
        left = charge["amount"] - charge["amount_refunded"]
        amount = int(given.get("amount", left))
        if not left:
            text = f"Charge {charge['id']} has already been refunded."
            raise Refused(self.error(400, text, "charge_already_refunded"))
        if amount > left:
            raise Refused(self.error(400, f"Refund amount ({amount}) is greater than unrefunded amount ({left})"))
        self._check_amount(amount, charge["currency"])
        attention = {Scenario.REFUND_NEEDS_ATTENTION: "requires_action", Scenario.REFUND_FAILS: "pending"}
        refund = self._put(objects.refund(charge, amount, given, attention.get(scenario, "succeeded")))
        charge = charge | {"amount_refunded": charge["amount_refunded"] + amount}
        charge = self._put(charge | {"refunded": charge["amount_refunded"] == charge["amount"]})
        self._put(objects.balance_transaction(refund))
        for kind, about in (("charge.refunded", charge), ("refund.created", refund), ("refund.updated", refund)):
            self._send(kind, about)
        if scenario is Scenario.REFUND_FAILS:
            self.later(self.options.delayed_seconds, "fail_refund", refund["id"])
        return refund

    @route("GET", "/v1/refunds")
    def list_refunds(self, request: Request) -> Answer:
        """List refunds, of `payment_intent` if given."""
        wanted = {name: request.query[name] for name in ("payment_intent", "charge") if name in request.query}
        return as_json(200, objects.listed(self.store.find("refund", **wanted), request.query, request.path))

    @route("GET", "/v1/refunds/{key}")
    def get_refund(self, _request: Request, key: str) -> Answer:
        """Get a refund."""
        return as_json(200, self._get("refund", key))

    # --- the payer ----------------------------------------------------------------------------------------------------

    def checkout(self, key: str) -> Checkout | None:
        """Return what the page of a session shows."""
        session, page = self.store.get("checkout.session", key), self.store.get("page", key)
        if session is None or page is None:
            return None
        amount = objects.in_words(session["amount_total"], session["currency"])
        is_open = session["status"] == "open" and session["expires_at"] > time.time()
        return Checkout("Stripe", self._reference_of(session), page["title"], amount, is_open)

    def press(self, key: str, button: Button, scenario: Scenario) -> str:
        """Pay and return to the shop; stay on the page after a decline."""
        session = self._get("checkout.session", key)
        if button is Button.ABANDON:
            return str(session["cancel_url"])
        payment = self._payment_of(session)
        if button is Button.DECLINE:
            problem = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
            self._send("payment_intent.payment_failed", self._put(payment | {"last_payment_error": problem}))
            return str(session["url"])
        session = self._put(session | {"status": "complete", "url": None})
        if scenario is Scenario.DELAYED_SUCCESS:
            self._put(payment | {"status": "processing", "last_payment_error": None})
            self._send("checkout.session.completed", session)
            self.later(self.options.delayed_seconds, "settle", key)
        else:
            self._settle(session, payment, scenario, "checkout.session.completed")
        return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", key)

    def _payment_of(self, session: Json) -> Json:
        """Return the PaymentIntent, which Stripe creates at the first try."""
        if session["payment_intent"]:
            return self._get("payment_intent", session["payment_intent"])
        facts = (self.store.get("page", session["id"]) or {})["metadata"]
        payment = self._put(objects.payment_intent(session["amount_total"], session["currency"], facts))
        session["payment_intent"] = payment["id"]
        self._put(session)
        return payment

    def _settle(self, session: Json, payment: Json, scenario: Scenario, kind: str) -> None:
        amount, currency = charged(scenario, payment["amount"], payment["currency"])
        payment = payment | {"amount_received": amount, "currency": currency.lower(), "status": "succeeded"}
        charge = self._put(objects.charge(payment))
        payment = self._put(payment | {"latest_charge": charge["id"], "last_payment_error": None})
        self._put(objects.balance_transaction(charge))
        paid = {"payment_status": "paid", "amount_total": amount, "currency": currency.lower()}
        session = self._put(session | paid)
        for name, about in (("payment_intent.succeeded", payment), ("charge.succeeded", charge), (kind, session)):
            self._send(name, about)
        if scenario is Scenario.DISPUTE:
            self.later(self.options.webhook_delay, "dispute", charge["id"])

    def perform(self, job: str, key: str) -> None:
        """Let money come, a refund fail, or a bank dispute."""
        if job == "settle":
            session = self._get("checkout.session", key)
            payment = self._payment_of(session)
            self._settle(session, payment, Scenario.SUCCESS, "checkout.session.async_payment_succeeded")
        elif job == "fail_refund":
            failed = {"status": "failed", "failure_reason": "expired_or_canceled_card"}
            refund = self._put(self._get("refund", key) | failed)
            for kind in ("refund.updated", "refund.failed"):
                self._send(kind, refund)
        else:
            charge = self._put(self._get("charge", key) | {"disputed": True})
            self._send("charge.dispute.created", objects.dispute(charge))

    # --- the form of the API --------------------------------------------------------------------------------------

    def _parameters(self, request: Request, known: set[str], required: tuple[str, ...]) -> Json:
        given = objects.parameters(request.body.decode())
        for name in required:
            if name not in given:
                text = f"Missing required param: {name}."
                raise Refused(self.error(400, text, "parameter_missing", name))
        for name in given.keys() - known:
            raise Refused(self.error(400, f"Received unknown parameter: {name}", "parameter_unknown", name))
        return given

    def _check_amount(self, amount: int, currency: str) -> None:
        if fault := objects.amount_fault(amount, currency):
            raise Refused(self.error(400, fault[1], fault[0], "amount"))

    def _once(self, request: Request, reference: str, operation: str, work: Callable[[], Json]) -> Answer:
        """Execute once for each Idempotency-Key; repeat the first answer, a 500 too.

        A refused request is not stored. A failure before the execution is not stored either.
        """
        before = self.trouble(reference, operation)
        key, asked = request.headers.get("idempotency-key"), f"{request.path} {request.body.decode()}"
        stored = self.store.get("answer", key) if key else None
        if stored is None:
            is_fault = self.scenario(reference) is Scenario.STORED_ERROR and self._is_first(reference, operation)
            body = work()
            fault = json.loads(self.error(500, "The sandbox fails after the work.").body)
            stored = {"asked": asked, "status": 500 if is_fault else 200, "body": fault if is_fault else body}
            self.store.put("answer", key or objects.new_id("none"), stored)
        elif stored["asked"] != asked:
            raise Refused(self._idempotency_error(str(key)))
        answer = as_json(stored["status"], stored["body"])
        answer.before = before
        return answer

    def _is_first(self, reference: str, operation: str) -> bool:
        key = f"{reference} {operation}"
        is_first = self.store.get("fault", key) is None
        self.store.put("fault", key, {})
        return is_first

    def _idempotency_error(self, key: str) -> Answer:
        text = f"Keys for idempotent requests can only be used with the same parameters; '{key}' was used with others."
        return as_json(400, {"error": {"type": "idempotency_error", "message": text}})

    def _get(self, kind: str, key: str) -> Json:
        found = self.store.get(kind, key)
        if found is None:
            raise Refused(self.error(404, f"No such {kind}: '{key}'", "resource_missing", "id"))
        return found

    def _put(self, thing: Json) -> Json:
        return self.store.put(thing["object"], thing["id"], thing)

    def _send(self, kind: str, about: Json) -> None:
        event = objects.event(kind, about)
        reference = self._reference_of(about)
        self.webhooks.send(reference, event["id"], json.dumps(event), self.scenario(reference))

    def _reference_of(self, about: Json) -> str:
        """Return our reference of an object; of a refund or a dispute, by its payment."""
        if "client_reference_id" in about:
            return about["client_reference_id"] or ""
        payment = about if about["object"] == "payment_intent" else self._get("payment_intent", about["payment_intent"])
        return str(payment["metadata"].get("reference", ""))


if __name__ == "__main__":
    serve(StripeSandbox)
