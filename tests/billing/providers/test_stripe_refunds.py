"""Refunds at Stripe, against the local Stripe over HTTP."""

import pytest

from services.billing.providers import stripe
from services.billing.providers.port import ProviderDownError, ProviderRefusedError, Refunded, RefundOutcome
from tests.billing.providers.conftest import StripeAccount
from tests.sandboxes.scenarios import Scenario
from tests.servers.processes import wait_until


@pytest.mark.parametrize("amount_minor", [1250, 250])
def test_refund_is_completed(account: StripeAccount, amount_minor: int) -> None:
    plan = account.refund_of(account.started(account.plan()), amount_minor)
    refunded = stripe.refund(plan)
    assert refunded.outcome is RefundOutcome.COMPLETED
    assert stripe.look_up_refund({**plan, "provider_refund_id": refunded.provider_refund_id}) == refunded


def test_refund_is_found_when_it_is_repeated(account: StripeAccount) -> None:
    plan = account.refund_of(account.started(account.plan()), 1000)
    assert stripe.refund(plan) == stripe.refund(plan)


def test_second_refund_takes_the_rest(account: StripeAccount) -> None:
    checkout = account.started(account.plan())
    first = stripe.refund(account.refund_of(checkout, 1000))
    second = stripe.refund(account.refund_of(checkout, 250))
    assert first.provider_refund_id != second.provider_refund_id


def test_refund_is_refused_when_it_exceeds_the_payment(account: StripeAccount) -> None:
    with pytest.raises(ProviderRefusedError):
        stripe.refund(account.refund_of(account.started(account.plan()), 1251))


def test_refund_is_refused_when_nothing_was_paid(account: StripeAccount) -> None:
    with pytest.raises(ProviderRefusedError):
        stripe.refund(account.refund_of(account.started(account.plan(), None), 1))


def test_refund_is_found_when_its_answer_was_a_stored_error(account: StripeAccount) -> None:
    checkout = account.started(account.plan())
    account.sandbox.choose(Scenario.STORED_ERROR, checkout["reference"])
    plan = account.refund_of(checkout, 1000)
    with pytest.raises(ProviderDownError):
        stripe.refund(plan)
    found = stripe.look_up_refund(plan)
    assert found.outcome is RefundOutcome.COMPLETED
    assert stripe.refund(plan) == found


def test_refund_succeeds_after_one_error(account: StripeAccount) -> None:
    checkout = account.started(account.plan(Scenario.ERROR_THEN_SUCCESS))
    assert stripe.refund(account.refund_of(checkout, 1000)).outcome is RefundOutcome.COMPLETED


def test_refund_needs_attention(account: StripeAccount) -> None:
    checkout = account.started(account.plan(Scenario.REFUND_NEEDS_ATTENTION))
    assert stripe.refund(account.refund_of(checkout, 1000)).outcome is RefundOutcome.NEEDS_ATTENTION


def test_refund_fails_later(account: StripeAccount) -> None:
    plan = account.refund_of(account.started(account.plan(Scenario.REFUND_FAILS)), 1000)
    assert stripe.refund(plan).outcome is RefundOutcome.PENDING
    wait_until(lambda: stripe.look_up_refund(plan).outcome is not RefundOutcome.PENDING, seconds=20, what="the end")
    assert stripe.look_up_refund(plan).outcome is RefundOutcome.FAILED


@pytest.mark.parametrize("provider_refund_id", [None, "re_other"])
def test_refund_is_unknown_when_stripe_has_none(account: StripeAccount, provider_refund_id: str | None) -> None:
    plan = account.refund_of(account.started(account.plan()), 1000)
    asked = stripe.look_up_refund({**plan, "provider_refund_id": provider_refund_id})
    assert asked == Refunded(RefundOutcome.UNKNOWN)
