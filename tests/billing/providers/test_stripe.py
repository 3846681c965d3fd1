"""Payments at Stripe, against the local Stripe over HTTP."""

import threading
from datetime import timedelta

import pytest

from chassis import clock
from services.billing.providers import stripe
from services.billing.providers.port import (
    Looked,
    Notice,
    Outcome,
    Plan,
    ProviderDownError,
    ProviderRefusedError,
    Started,
    Topic,
    WrongSignatureError,
)
from services.billing.settings import BillingSettings
from tests.billing.providers.conftest import StripeAccount
from tests.sandboxes.receiver import Received
from tests.sandboxes.scenarios import Scenario
from tests.servers.processes import wait_until
from tests.settings import give_settings


def test_provider_is_offered_only_with_an_account(account: StripeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stripe.is_offered()
    give_settings(monkeypatch, BillingSettings())
    assert not stripe.is_offered()


def test_start_returns_the_checkout_page(account: StripeAccount) -> None:
    started = stripe.start(account.plan())
    assert started.provider_id
    assert started.provider_id.startswith("cs_")
    assert started.checkout_url.startswith(account.sandbox.url)


def test_start_returns_the_same_session_when_it_is_repeated(account: StripeAccount) -> None:
    plan = account.plan()
    assert stripe.start(plan) == stripe.start(plan)


def test_two_starts_at_once_return_one_session(account: StripeAccount) -> None:
    plan, started = account.plan(), list[Started]()
    threads = [threading.Thread(target=lambda: started.append(stripe.start(plan))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert started == [started[0]] * 2


def test_start_works_without_address_and_title(account: StripeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = account.plan()
    for name in ("email", "title", "return_url"):
        del plan[name]  # type: ignore[misc]
    assert stripe.start(plan).provider_id


def test_payer_returns_to_the_page_of_the_plan(account: StripeAccount) -> None:
    started = stripe.start(account.plan())
    assert account.sandbox.press(started.checkout_url) == "https://hospital.test/paid"


@pytest.mark.parametrize(
    ("scenario", "button", "outcome"),
    [
        (Scenario.SUCCESS, None, Outcome.PENDING),
        (Scenario.SUCCESS, "abandon", Outcome.PENDING),
        (Scenario.ABANDON, "pay", Outcome.PENDING),
        (Scenario.DELAYED_SUCCESS, "pay", Outcome.PENDING),
        (Scenario.SUCCESS, "decline", Outcome.FAILED),
        (Scenario.DECLINE, "pay", Outcome.FAILED),
    ],
)
def test_look_up_tells_that_money_may_still_come(
    account: StripeAccount, scenario: Scenario, button: str | None, outcome: Outcome
) -> None:
    assert stripe.look_up(account.started(account.plan(scenario), button)) == Looked(outcome)


@pytest.mark.parametrize(
    ("scenario", "amount_minor", "currency"),
    [
        (Scenario.SUCCESS, 1250, "EUR"),
        (Scenario.ERROR_THEN_SUCCESS, 1250, "EUR"),
        (Scenario.LESS_MONEY, 1125, "EUR"),
        (Scenario.MORE_MONEY, 1375, "EUR"),
        (Scenario.WRONG_CURRENCY, 1250, "USD"),
    ],
)
def test_look_up_tells_the_received_money(
    account: StripeAccount, scenario: Scenario, amount_minor: int, currency: str
) -> None:
    looked = stripe.look_up(account.started(account.plan(scenario)))
    assert (looked.outcome, looked.amount_minor, looked.currency) == (Outcome.SUCCEEDED, amount_minor, currency)
    assert looked.provider_payment_id


@pytest.mark.parametrize(("amount_minor", "currency"), [(500, "JPY"), (1250, "KWD"), (500, "ISK"), (500, "MGA")])
def test_money_is_exact_in_unusual_currencies(account: StripeAccount, amount_minor: int, currency: str) -> None:
    looked = stripe.look_up(account.started(account.plan(amount_minor=amount_minor, currency=currency)))
    assert (looked.amount_minor, looked.currency) == (amount_minor, currency)


def test_start_is_refused_when_stripe_has_no_such_amount(account: StripeAccount) -> None:
    with pytest.raises(ProviderRefusedError, match="KWD"):
        stripe.start(account.plan(amount_minor=1255, currency="KWD"))


def test_start_is_refused_without_the_words_of_stripe(account: StripeAccount) -> None:
    with pytest.raises(ProviderRefusedError, match="InvalidRequestError 400 parameter_invalid_integer") as refused:
        stripe.start(account.plan(amount_minor=0))
    assert "Invalid positive integer" not in str(refused.value)


def test_payment_succeeds_after_a_failed_try(account: StripeAccount) -> None:
    checkout = account.started(account.plan(), "decline")
    account.sandbox.press(f"{account.sandbox.url}/pay/{checkout['provider_id']}")
    assert stripe.look_up(checkout).outcome is Outcome.SUCCEEDED


def test_delayed_money_is_found_later(account: StripeAccount) -> None:
    checkout = account.started(account.plan(Scenario.DELAYED_SUCCESS))
    wait_until(lambda: stripe.look_up(checkout).outcome is Outcome.SUCCEEDED, seconds=20, what="the money")
    assert stripe.look_up(checkout).amount_minor == 1250


@pytest.mark.parametrize("button", [None, "decline"])
def test_session_is_expired_after_its_time(account: StripeAccount, button: str | None) -> None:
    checkout = account.started(account.plan(), button)
    with stripe.connected() as client:
        client.v1.checkout.sessions.expire(str(checkout["provider_id"]))
    assert stripe.look_up(checkout) == Looked(Outcome.EXPIRED)


def test_unknown_session_is_unknown(account: StripeAccount) -> None:
    assert stripe.look_up(account.checkout(account.plan(), "cs_other")) == Looked(Outcome.UNKNOWN)


@pytest.mark.parametrize("scenario", [Scenario.SUCCESS, Scenario.STORED_ERROR])
def test_session_is_found_by_reference_when_its_answer_was_lost(
    account: StripeAccount, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe, "PAGE", 1)  # The session is not on the first page.
    plan = account.plan(scenario)
    if scenario is Scenario.STORED_ERROR:
        with pytest.raises(ProviderDownError, match="APIError 500"):
            stripe.start(plan)
    else:
        stripe.start(plan)
    stripe.start(account.plan())
    assert stripe.look_up(account.checkout(plan, None)) == Looked(Outcome.PENDING)


def test_session_is_unknown_when_none_has_the_reference(account: StripeAccount) -> None:
    assert stripe.look_up(account.checkout(account.plan(), None)) == Looked(Outcome.UNKNOWN)


def _paid(account: StripeAccount) -> Plan:
    plan = account.plan()
    checkout = account.started(plan)
    stripe.refund(account.refund_of(checkout, 250))
    return plan


def test_movements_are_payments_and_refunds(account: StripeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe, "PAGE", 1)
    plans, now = [_paid(account), _paid(account)], clock.now()
    moved = list(stripe.movements(now - timedelta(minutes=5), now + timedelta(minutes=5)))
    for plan in plans:
        own = [each for each in moved if each.reference == plan["reference"]]
        assert sorted((each.amount_minor, bool(each.provider_refund_id)) for each in own) == [
            (250, True),
            (1250, False),
        ]
        assert len({each.provider_payment_id for each in own}) == 1


def test_movements_of_another_day_are_empty(account: StripeAccount) -> None:
    _paid(account)
    now = clock.now()
    assert list(stripe.movements(now - timedelta(days=2), now - timedelta(days=1))) == []


def _read(received: Received) -> Notice:
    return stripe.read_webhook(received.headers, received.body, clock.now())


def test_webhooks_tell_the_money_once_for_payment_and_session(account: StripeAccount) -> None:
    plan = account.plan()
    account.started(plan)
    notices = [_read(received) for received in account.webhooks(plan["reference"], 3)]
    looked = {notice.looked for notice in notices if notice.topic is Topic.PAYMENT}
    assert [notice.kind for notice in notices if notice.topic is Topic.OTHER] == ["charge.succeeded"]
    assert {(each.outcome, each.amount_minor) for each in looked if each} == {(Outcome.SUCCEEDED, 1250)}
    assert {notice.reference for notice in notices if notice.topic is Topic.PAYMENT} == {plan["reference"]}


def test_duplicate_webhooks_have_one_event_id(account: StripeAccount) -> None:
    plan = account.plan(Scenario.DUPLICATE_WEBHOOKS)
    account.started(plan)
    notices = [_read(received) for received in account.webhooks(plan["reference"], 15)]
    assert len({notice.event_id for notice in notices}) == 3


@pytest.mark.parametrize("scenario", [Scenario.WRONG_SIGNATURE, Scenario.OLD_TIMESTAMP, Scenario.FUTURE_TIMESTAMP])
def test_webhook_is_refused_when_its_signature_is_wrong(account: StripeAccount, scenario: Scenario) -> None:
    plan = account.plan(scenario)
    account.started(plan)
    for received in account.webhooks(plan["reference"], 3):
        with pytest.raises(WrongSignatureError):
            _read(received)


def test_webhook_is_refused_without_an_account(account: StripeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    give_settings(monkeypatch, BillingSettings())
    with pytest.raises(WrongSignatureError):
        stripe.read_webhook({}, b"{}", clock.now())


def test_dispute_names_the_payment(account: StripeAccount) -> None:
    checkout = account.started(account.plan(Scenario.DISPUTE))
    payment_id = str(stripe.look_up(checkout).provider_payment_id)
    notice = _read(account.webhooks('"type": "charge.dispute.created"')[-1])
    assert (notice.topic, notice.provider_payment_id) == (Topic.DISPUTE, payment_id)
