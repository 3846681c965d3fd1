"""The connection to Stripe: its limits, its errors, and green threads."""

import threading
import time

import pytest

from services.billing.providers import stripe, stripe_client
from services.billing.providers.port import Outcome, ProviderDownError
from services.billing.settings import BillingSettings, StripeSettings
from tests.billing.providers.conftest import StripeAccount
from tests.sandboxes.scenarios import Scenario
from tests.servers.processes import free_ports, wait_until
from tests.settings import give_settings

COMMAND_SECONDS = 15


def test_limits_end_before_the_deadline_of_a_command() -> None:
    assert stripe_client.CALL_SECONDS + stripe_client.LEAST_SECONDS < COMMAND_SECONDS


def test_call_ends_in_time_when_stripe_hangs(account: StripeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_client, "ANSWER_SECONDS", 0.5)
    plan, begin = account.plan(Scenario.HANG), time.monotonic()
    with pytest.raises(ProviderDownError, match="APIConnectionError"):
        stripe.start(plan)
    assert time.monotonic() - begin < 3


def test_retry_takes_only_the_rest_of_the_time(account: StripeAccount) -> None:
    plan, begin = account.plan(Scenario.HANG), time.monotonic()
    with pytest.raises(ProviderDownError), stripe_client.connected(1.0) as client:
        client.v1.checkout.sessions.create(stripe._session_of(plan))
    assert time.monotonic() - begin < 2.5


def test_start_returns_the_session_of_the_hanging_start(
    account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = account.plan(Scenario.HANG)
    monkeypatch.setattr(stripe_client, "ANSWER_SECONDS", 0.2)
    with pytest.raises(ProviderDownError):
        stripe.start(plan)
    monkeypatch.setattr(stripe_client, "ANSWER_SECONDS", 5)
    started = stripe.start(plan)
    assert stripe.look_up(account.checkout(plan, started.provider_id)).outcome is Outcome.PENDING
    assert stripe.look_up(account.checkout(plan, None)).outcome is Outcome.PENDING


def test_other_green_threads_work_while_stripe_hangs(account: StripeAccount) -> None:
    other, plan = account.started(account.plan()), account.plan(Scenario.HANG)
    earlier = len(account.sandbox.requests())
    hanging = threading.Thread(target=stripe.start, args=(plan,))
    hanging.start()
    wait_until(lambda: len(account.sandbox.requests()) > earlier, seconds=2, what="the hanging request")
    assert stripe.look_up(other).outcome is Outcome.SUCCEEDED
    assert hanging.is_alive()
    hanging.join()


@pytest.mark.parametrize("key", ["wrong-key", "sandbox-key"])
def test_provider_is_down_when_it_cannot_be_asked(
    account: StripeAccount, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    (port,) = free_ports(1)
    url = account.sandbox.url if key == "wrong-key" else f"http://127.0.0.1:{port}"
    settings = StripeSettings(secret_key=key, webhook_secrets=(), url=url)
    give_settings(monkeypatch, BillingSettings(stripe=settings))
    plan = account.plan()
    for call in (lambda: stripe.start(plan), lambda: stripe.look_up(account.checkout(plan, "cs_1"))):
        with pytest.raises(ProviderDownError):
            call()


def test_repeated_start_with_other_parameters_tells_nothing(account: StripeAccount) -> None:
    plan = account.plan()
    stripe.start(plan)
    with pytest.raises(ProviderDownError, match="IdempotencyError"):
        stripe.start({**plan, "amount_minor": 999})
