"""Flutterwave: payments and refunds at a local server that speaks Flutterwave's HTTP."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chassis import clock
from services.billing.providers import flutterwave, rest
from services.billing.providers.port import (
    Looked,
    Movement,
    Outcome,
    ProviderDownError,
    ProviderRefusedError,
    RefundOutcome,
    RefundPlan,
)
from services.billing.settings import BillingSettings, FlutterwaveSettings
from tests.billing.providers.factories import RETURN_URL, checkout, plan, reference, refund_plan
from tests.sandboxes.process import SandboxProcess
from tests.sandboxes.scenarios import Scenario
from tests.servers.processes import wait_until
from tests.settings import give_settings

KEY = "FLWSECK_TEST-0123456789-X"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("flutterwave")
    with SandboxProcess("flutterwave", folder, secret_key=KEY, hang_seconds=2) as sandbox:
        yield sandbox


def use(monkeypatch: pytest.MonkeyPatch, server: SandboxProcess, key: str = KEY) -> None:
    account = FlutterwaveSettings(secret_key=key, secret_hash="hash", url=f"{server.url}/v3")
    give_settings(monkeypatch, BillingSettings(flutterwave=account))


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, server: SandboxProcess) -> None:
    use(monkeypatch, server)


def chosen(server: SandboxProcess, scenario: Scenario) -> str:
    """Return a new reference with this scenario."""
    payment = reference()
    server.choose(scenario, payment)
    return payment


def paid(server: SandboxProcess, scenario: Scenario = Scenario.SUCCESS) -> tuple[str, Looked]:
    """Start a payment, let the payer press Pay, and return its reference and its state."""
    payment = chosen(server, scenario)
    server.press(flutterwave.start(plan(payment)).checkout_url)
    return payment, flutterwave.look_up(checkout(payment))


def settled(refund: RefundPlan, outcome: RefundOutcome) -> bool:
    """Wait until the refund has this outcome."""
    wait_until(lambda: flutterwave.look_up_refund(refund).outcome is outcome, seconds=10, what=f"a refund {outcome}")
    return True


def refunds_sent(server: SandboxProcess) -> int:
    return sum(one["method"] == "POST" and one["path"].endswith("/refund") for one in server.requests())


def test_account_makes_the_provider_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert flutterwave.is_offered()
    give_settings(monkeypatch, BillingSettings())
    assert not flutterwave.is_offered()


def test_start_returns_the_checkout_page(server: SandboxProcess) -> None:
    started = flutterwave.start(plan(reference()))
    assert started.checkout_url.startswith(f"{server.url}/pay/")
    assert started.provider_id is None


def test_payer_returns_to_the_page_of_the_plan(server: SandboxProcess) -> None:
    page = server.press(flutterwave.start(plan(reference())).checkout_url)
    assert page.startswith(f"{RETURN_URL}?status=successful")


def test_plan_without_a_page_returns_to_the_hospital(server: SandboxProcess) -> None:
    page = server.press(flutterwave.start({**plan(reference()), "return_url": None}).checkout_url)
    assert page.startswith("http://hospital.example?")


@pytest.mark.parametrize("email", [None, ""])
def test_payer_without_an_address_is_refused(email: str | None) -> None:
    with pytest.raises(ProviderRefusedError, match="e-mail"):
        flutterwave.start(plan(reference(), email=email))


def test_refusal_has_the_reason_of_the_provider() -> None:
    with pytest.raises(ProviderRefusedError, match="amount or currency is invalid"):
        flutterwave.start(plan(reference(), amount_minor=0))


@pytest.mark.parametrize(("currency", "amount"), [("USD", 8005), ("JPY", 5000), ("KWD", 1001), ("XOF", 1)])
def test_amount_survives_the_way_through_major_units(server: SandboxProcess, currency: str, amount: int) -> None:
    payment = reference()
    server.press(flutterwave.start(plan(payment, amount, currency)).checkout_url)
    looked = flutterwave.look_up(checkout(payment))
    assert (looked.amount_minor, looked.currency) == (amount, currency)


def test_payment_is_unknown_before_the_first_try(server: SandboxProcess) -> None:
    payment = reference()
    server.press(flutterwave.start(plan(payment)).checkout_url, "abandon")
    assert flutterwave.look_up(checkout(payment)).outcome is Outcome.UNKNOWN


def test_paid_payment_has_amount_currency_and_id(server: SandboxProcess) -> None:
    _payment, looked = paid(server)
    assert (looked.outcome, looked.amount_minor, looked.currency) == (Outcome.SUCCEEDED, 8000, "USD")
    assert looked.provider_payment_id is not None
    assert looked.provider_payment_id.isdecimal()


def test_declined_payment_may_succeed_later(server: SandboxProcess) -> None:
    payment = reference()
    url = flutterwave.start(plan(payment)).checkout_url
    server.press(url, "decline")
    assert flutterwave.look_up(checkout(payment)).outcome is Outcome.FAILED
    server.press(url)
    assert flutterwave.look_up(checkout(payment)).outcome is Outcome.SUCCEEDED


def test_look_up_finds_the_paid_try_behind_a_later_declined_try(server: SandboxProcess) -> None:
    payment = chosen(server, Scenario.DELAYED_SUCCESS)
    server.control("options", delayed_seconds=0.1)
    first, second = (flutterwave.start(plan(payment)).checkout_url for _time in range(2))
    server.press(second, "decline")
    server.press(first)
    wait_until(lambda: flutterwave.look_up(checkout(payment)).outcome is Outcome.SUCCEEDED, seconds=10, what="money")
    tries = flutterwave.Api(f"{server.url}/v3", KEY).get("/transactions", tx_ref=payment)
    assert len(list(rest.rows(tries, "data"))) == 2


@pytest.mark.parametrize(
    ("scenario", "amount", "currency"),
    [
        (Scenario.LESS_MONEY, 7200, "USD"),
        (Scenario.MORE_MONEY, 8800, "USD"),
        (Scenario.WRONG_CURRENCY, 8000, "EUR"),
    ],
)
def test_look_up_tells_the_money_that_came(
    server: SandboxProcess, scenario: Scenario, amount: int, currency: str
) -> None:
    _payment, looked = paid(server, scenario)
    assert (looked.amount_minor, looked.currency) == (amount, currency)


def test_delayed_payment_is_pending_and_then_succeeds(server: SandboxProcess) -> None:
    server.control("options", delayed_seconds=1)
    payment, looked = paid(server, Scenario.DELAYED_SUCCESS)
    assert looked.outcome is Outcome.PENDING
    wait_until(lambda: flutterwave.look_up(checkout(payment)).outcome is Outcome.SUCCEEDED, seconds=10, what="money")


def test_hanging_provider_is_down(server: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "READ_SECONDS", 0.3)
    with pytest.raises(ProviderDownError):
        flutterwave.start(plan(chosen(server, Scenario.HANG)))


@pytest.mark.parametrize("scenario", [Scenario.ERROR_THEN_SUCCESS, Scenario.STORED_ERROR])
def test_start_after_an_error_is_the_same_payment(server: SandboxProcess, scenario: Scenario) -> None:
    payment = chosen(server, scenario)
    with pytest.raises(ProviderDownError):
        flutterwave.start(plan(payment))
    server.press(flutterwave.start(plan(payment)).checkout_url)
    assert flutterwave.look_up(checkout(payment)).outcome is Outcome.SUCCEEDED


def test_wrong_key_says_nothing_about_a_payment(monkeypatch: pytest.MonkeyPatch, server: SandboxProcess) -> None:
    use(monkeypatch, server, key="other")
    with pytest.raises(ProviderDownError, match="401"):
        flutterwave.look_up(checkout(reference()))


def test_accepted_refund_is_completed(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id, 3005)
    first = flutterwave.refund(refund)
    assert first.outcome is RefundOutcome.COMPLETED
    assert flutterwave.look_up_refund(refund) == first


def test_refund_to_mobile_money_is_pending_and_then_completed(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    server.choose(Scenario.DELAYED_SUCCESS, payment)
    refund = refund_plan(payment, looked.provider_payment_id)
    assert flutterwave.refund(refund).outcome is RefundOutcome.PENDING
    assert settled(refund, RefundOutcome.COMPLETED)


def test_refund_may_fail(server: SandboxProcess) -> None:
    payment, looked = paid(server, Scenario.REFUND_FAILS)
    refund = refund_plan(payment, looked.provider_payment_id)
    assert flutterwave.refund(refund).outcome is RefundOutcome.PENDING
    assert settled(refund, RefundOutcome.FAILED)


def test_repeated_refund_is_one_refund(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id, 3000)
    first = flutterwave.refund(refund)
    before = refunds_sent(server)
    assert flutterwave.refund(refund).provider_refund_id == first.provider_refund_id
    assert refunds_sent(server) == before


def test_refund_after_a_lost_reply_is_one_refund(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id, 3000)
    server.choose(Scenario.STORED_ERROR, payment)
    with pytest.raises(ProviderDownError):
        flutterwave.refund(refund)
    before = refunds_sent(server)
    assert flutterwave.refund(refund).provider_refund_id
    assert refunds_sent(server) == before


def test_repeated_refund_is_found_on_a_later_page(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refunds = [refund_plan(payment, looked.provider_payment_id, 100) for _number in range(12)]
    found = [flutterwave.refund(each).provider_refund_id for each in refunds]
    assert flutterwave.refund(refunds[0]).provider_refund_id == found[0]
    assert len(set(found)) == 12


def test_refund_of_more_than_was_paid_is_refused(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    with pytest.raises(ProviderRefusedError, match="cannot be more"):
        flutterwave.refund(refund_plan(payment, looked.provider_payment_id, 8001))


def test_refund_without_a_transaction_is_refused() -> None:
    with pytest.raises(ProviderRefusedError, match="id is known"):
        flutterwave.refund(refund_plan(reference(), None))


def test_refund_of_another_amount_needs_attention(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id, 3000)
    flutterwave.refund(refund)
    assert flutterwave.refund({**refund, "amount_minor": 2000}).outcome is RefundOutcome.NEEDS_ATTENTION


def test_refund_that_was_never_sent_is_unknown(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id)
    assert flutterwave.look_up_refund(refund).outcome is RefundOutcome.UNKNOWN


def test_movements_are_payments_and_refunds_in_the_period(server: SandboxProcess) -> None:
    begin = clock.now()
    payment, looked = paid(server)
    number = looked.provider_payment_id
    assert number is not None
    server.press(flutterwave.start(plan(reference())).checkout_url, "decline")
    back = flutterwave.refund(refund_plan(payment, number, 3005))
    found = list(flutterwave.movements(begin, clock.now() + timedelta(seconds=1)))
    times = [each.at for each in found]
    assert found == [
        Movement(number, payment, 8000, "USD", times[0]),
        Movement(number, payment, 3005, "USD", times[1], back.provider_refund_id),
    ]


def test_refund_of_an_older_payment_has_its_currency(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    begin = clock.now()
    flutterwave.refund(refund_plan(payment, looked.provider_payment_id, 3005))
    [found] = flutterwave.movements(begin, clock.now() + timedelta(seconds=1))
    assert (found.currency, found.amount_minor, found.reference) == ("USD", 3005, payment)
