"""Calls about refunds, whatever the provider does."""

import pytest

from services.billing.providers import refunds, sandbox
from services.billing.providers.port import ProviderDownError, ProviderRefusedError, Refunded, RefundOutcome, RefundPlan
from services.billing.settings import BillingSettings
from tests.settings import give_settings

PLAN: RefundPlan = {
    "refund_id": "01919c5e-0000-7000-8000-0000000000e1",
    "reference": "a1",
    "provider_payment_id": None,
    "provider_refund_id": None,
    "amount_minor": 8000,
    "currency": "EUR",
    "provider": "sandbox",
    "requested_at": "2026-11-24T09:00:00+00:00",
}


def raising(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_plan: RefundPlan) -> Refunded:
        raise error

    monkeypatch.setattr(sandbox, "refund", fail)
    monkeypatch.setattr(sandbox, "look_up_refund", fail)


def test_sandbox_completes_at_once() -> None:
    assert refunds.pay_back(PLAN).outcome == "completed"


@pytest.mark.parametrize("method", ["cash", "card_terminal"])
def test_desk_pays_its_own_money_back(method: str) -> None:
    assert refunds.pay_back({**PLAN, "provider": method}) == Refunded(RefundOutcome.COMPLETED)


@pytest.mark.parametrize("error", [ProviderDownError(), KeyError("status")])
def test_refund_is_pending_while_the_provider_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    raising(monkeypatch, error)
    assert refunds.pay_back(PLAN) == refunds.look_up(PLAN) == Refunded(RefundOutcome.PENDING)


def test_refused_refund_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, ProviderRefusedError())
    assert refunds.pay_back(PLAN).outcome == "failed"


def test_refused_look_up_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, ProviderRefusedError())
    assert refunds.look_up(PLAN).outcome == "pending"


@pytest.mark.parametrize("provider", ["sandbox", "other"])
def test_refund_waits_while_its_provider_has_no_settings(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    give_settings(monkeypatch, BillingSettings())
    assert refunds.pay_back({**PLAN, "provider": provider}).outcome == "pending"
