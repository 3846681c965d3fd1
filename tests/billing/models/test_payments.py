"""State changes of payments."""

from datetime import UTC, datetime

import pytest

from chassis.errors import Conflict
from contracts.billing.payments import FailureReason
from services.billing.models.payments import Payment

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_started_payment_waits_for_its_payer() -> None:
    payment = Payment(status="created")
    payment.begin("http://pay")
    assert (payment.status, payment.checkout_url) == ("pending", "http://pay")


def test_finished_payment_is_not_started_again() -> None:
    payment = Payment(status="created")
    payment.succeed(NOW)
    payment.begin("http://pay")
    assert payment.status == "succeeded"


@pytest.mark.parametrize("status", ["succeeded", "failed", "expired", "unapplied"])
def test_finished_payment_does_not_fail_again(status: str) -> None:
    payment = Payment(status=status)
    with pytest.raises(Conflict, match="payment_finished"):
        payment.fail(FailureReason.DECLINED, NOW)
    assert payment.status == status


@pytest.mark.parametrize("status", ["succeeded", "unapplied"])
def test_payment_succeeds_once(status: str) -> None:
    payment = Payment(status=status)
    with pytest.raises(Conflict, match="payment_finished"):
        payment.succeed(NOW)
    assert payment.status == status


@pytest.mark.parametrize("status", ["created", "pending", "failed", "expired"])
def test_money_counts_after_a_failed_try(status: str) -> None:
    payment = Payment(status=status, reason="declined")
    payment.succeed(NOW, "pi_1")
    assert (payment.status, payment.reason, payment.provider_payment_id) == ("succeeded", None, "pi_1")


def test_failed_payment_has_a_reason() -> None:
    payment = Payment(status="pending")
    payment.fail(FailureReason.DECLINED, NOW)
    assert (payment.status, payment.reason, payment.finished_at) == ("failed", "declined", NOW)
