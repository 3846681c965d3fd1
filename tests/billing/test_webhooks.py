"""Webhooks of Stripe, whose signed message is proof: their effect on payments, once."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from chassis import clock
from chassis.errors import Conflict, Invalid, Unauthenticated
from chassis.identity import NOBODY
from chassis.persistence.database import Database
from services.billing.models.invoices import Invoice
from services.billing.models.odd_payments import OddPayment
from services.billing.models.payments import Payment, ProviderEvent
from services.billing.service import BillingService
from services.billing.settings import BillingSettings, StripeSettings
from tests.billing.factories import host, invoice, pay, view_of
from tests.settings import give_settings

SECRET = "whsec_of_a_test"


@pytest.fixture(autouse=True)
def stripe(hospital: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure Stripe."""
    account = StripeSettings(secret_key="sk_test_1", webhook_secrets=(SECRET,))
    give_settings(monkeypatch, BillingSettings(allow_sandbox_payments=True, stripe=account))


def signed(event: dict[str, Any], secret: str = SECRET, seconds: int = 0) -> dict[str, Any]:
    """Return the payload of the command for a webhook that was signed these seconds from now."""
    body, at = json.dumps(event).encode(), int(clock.now().timestamp()) + seconds
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"stripe-signature": f"t={at},v1={digest}"}
    return {"provider": "stripe", "headers": headers, "body": base64.b64encode(body).decode()}


def completed(reference: str, event_id: str = "evt_1", **changes: Any) -> dict[str, Any]:
    """Return Stripe's event of a paid checkout."""
    session = {
        "id": "cs_1",
        "object": "checkout.session",
        "client_reference_id": reference,
        "metadata": {"reference": reference},
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "status": "complete",
        "amount_total": 8000,
        "currency": "eur",
        **changes,
    }
    return {
        "id": event_id,
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(clock.now().timestamp()),
        "data": {"object": session},
    }


@pytest.fixture
def payment(fresh: Database) -> Payment:
    """Return a committed payment that waits at Stripe."""
    with fresh.begin() as session:
        waiting = pay(session, invoice(session, amount_minor=8000))
        waiting.provider = "stripe"
    return waiting


def received(database: Database, payload: dict[str, Any]) -> Any:
    return BillingService.receive_webhook(host(database, NOBODY, key=""), **payload)


def status_of(database: Database, payment: Payment) -> str:
    with database.read() as session:
        return session.get_one(Payment, payment.id).status


def count(database: Database, table: type[ProviderEvent] | type[OddPayment]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_webhook_credits_a_payment_once(fresh: Database, payment: Payment) -> None:
    effects = [received(fresh, signed(completed(payment.reference)))["effect"] for _ in range(5)]
    assert effects == ["applied"] + ["repeated"] * 4
    assert (status_of(fresh, payment), count(fresh, ProviderEvent)) == ("succeeded", 1)


@pytest.mark.parametrize("fault", [{"secret": "whsec_other"}, {"seconds": -301}, {"seconds": 302}])
def test_wrong_signature_stores_nothing(fresh: Database, payment: Payment, fault: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated, match="wrong_signature"):
        received(fresh, signed(completed(payment.reference), **fault))
    assert (status_of(fresh, payment), count(fresh, ProviderEvent)) == ("pending", 0)


@pytest.mark.parametrize(("body", "code"), [("not base64!", "invalid"), ("abcde", "unreadable_webhook")])
def test_unreadable_body_is_refused(fresh: Database, body: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        received(fresh, {**signed({}), "body": body})
    assert count(fresh, ProviderEvent) == 0


def test_unknown_reference_is_listed_once(fresh: Database) -> None:
    effects = [received(fresh, signed(completed("0" * 40, f"evt_{n}")))["effect"] for n in range(2)]
    assert (effects, count(fresh, OddPayment)) == (["listed", "listed"], 1)


def test_unpaid_checkout_changes_nothing(fresh: Database, payment: Payment) -> None:
    effect = received(fresh, signed(completed(payment.reference, payment_status="unpaid")))["effect"]
    assert (effect, status_of(fresh, payment)) == ("ignored", "pending")


def refunded(payment_intent: str, number: int) -> dict[str, Any]:
    """Return one of Stripe's events about the refund of a payment."""
    refund = {"id": f"re_{number}", "object": "refund", "payment_intent": payment_intent, "status": "succeeded"}
    return {**completed("", f"evt_refund_{number}"), "type": "refund.updated", "data": {"object": refund}}


def test_refund_of_listed_money_is_not_listed_too(fresh: Database, payment: Payment) -> None:
    received(fresh, signed(completed(payment.reference, amount_total=7000)))
    assert received(fresh, signed(refunded("pi_1", 1)))["effect"] == "ignored"
    assert count(fresh, OddPayment) == 1


def test_refund_at_the_provider_is_listed_once(fresh: Database, payment: Payment) -> None:
    received(fresh, signed(completed(payment.reference)))
    effects = [received(fresh, signed(refunded("pi_1", number)))["effect"] for number in (1, 2)]
    assert (effects, count(fresh, OddPayment)) == (["listed", "ignored"], 1)


def test_unknown_event_is_ignored(fresh: Database) -> None:
    event = {**completed("1" * 40), "type": "customer.created", "data": {"object": {"id": "cus_1"}}}
    assert received(fresh, signed(event))["effect"] == "ignored"


def test_webhook_of_a_provider_that_is_not_configured_is_refused(fresh: Database) -> None:
    with pytest.raises(Conflict, match="provider_unavailable"):
        received(fresh, {**signed({}), "provider": "paystack"})
    assert count(fresh, ProviderEvent) == 0


def test_credited_invoice_is_paid(fresh: Database, payment: Payment) -> None:
    received(fresh, signed(completed(payment.reference)))
    with fresh.begin() as session:
        assert view_of(session, session.get_one(Invoice, payment.invoice_id)).status == "paid"
