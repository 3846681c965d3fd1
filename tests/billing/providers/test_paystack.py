"""Paystack: payments and refunds at a local server that speaks Paystack's HTTP."""

from collections.abc import Iterator

import pytest

from services.billing.providers import paystack, rest
from services.billing.providers.port import (
    Looked,
    Outcome,
    ProviderDownError,
    ProviderRefusedError,
    RefundOutcome,
    RefundPlan,
)
from services.billing.settings import BillingSettings, PaystackSettings
from tests.billing.providers.factories import RETURN_URL, checkout, plan, reference, refund_plan
from tests.sandboxes.process import SandboxProcess
from tests.sandboxes.scenarios import Scenario
from tests.servers.processes import wait_until
from tests.settings import give_settings

KEY = "sk_test_0123456789"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess("paystack", tmp_path_factory.mktemp("paystack"), secret_key=KEY, hang_seconds=2) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, server: SandboxProcess) -> None:
    give_settings(monkeypatch, BillingSettings(paystack=PaystackSettings(secret_key=KEY, url=server.url)))


def chosen(server: SandboxProcess, scenario: Scenario) -> str:
    """Return a new reference with this scenario."""
    payment = reference()
    server.choose(scenario, payment)
    return payment


def paid(server: SandboxProcess, scenario: Scenario = Scenario.SUCCESS) -> tuple[str, Looked]:
    """Start a payment, let the payer press Pay, and return its reference and its state."""
    payment = chosen(server, scenario)
    server.press(paystack.start(plan(payment)).checkout_url)
    return payment, paystack.look_up(checkout(payment))


def settled(refund: RefundPlan, outcome: RefundOutcome) -> bool:
    """Wait until the refund has this outcome."""
    wait_until(lambda: paystack.look_up_refund(refund).outcome is outcome, seconds=10, what=f"a refund {outcome}")
    return True


def refunds_sent(server: SandboxProcess) -> int:
    return sum(one["method"] == "POST" and one["path"] == "/refund" for one in server.requests())


def test_account_makes_the_provider_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert paystack.is_offered()
    give_settings(monkeypatch, BillingSettings())
    assert not paystack.is_offered()


def test_start_returns_the_checkout_page(server: SandboxProcess) -> None:
    started = paystack.start(plan(reference()))
    assert started.checkout_url.startswith(f"{server.url}/pay/")
    assert started.provider_id is None


def test_payer_returns_to_the_page_of_the_plan(server: SandboxProcess) -> None:
    payment = reference()
    assert server.press(paystack.start(plan(payment)).checkout_url).startswith(f"{RETURN_URL}?trxref={payment}")


@pytest.mark.parametrize("email", [None, ""])
def test_payer_without_an_address_is_refused(email: str | None) -> None:
    with pytest.raises(ProviderRefusedError, match="e-mail"):
        paystack.start(plan(reference(), email=email))


@pytest.mark.parametrize("currency", ["JPY", "XOF", "KWD"])
def test_currency_without_hundredths_is_refused(currency: str) -> None:
    with pytest.raises(ProviderRefusedError, match=currency):
        paystack.start(plan(reference(), currency=currency))


def test_refusal_has_the_reason_of_the_provider() -> None:
    with pytest.raises(ProviderRefusedError, match="Invalid Amount Sent"):
        paystack.start(plan(reference(), amount_minor=0))


def test_repeated_start_uses_a_new_attempt() -> None:
    payment = reference()
    paystack.start(plan(payment))
    assert [paystack.start(plan(payment)).provider_id for _time in range(2)] == [f"{payment}-2", f"{payment}-3"]


def test_start_is_refused_after_nine_attempts() -> None:
    payment = reference()
    for _time in range(9):
        paystack.start(plan(payment))
    with pytest.raises(ProviderRefusedError, match="all references"):
        paystack.start(plan(payment))


def test_payment_is_unknown_before_its_start() -> None:
    assert paystack.look_up(checkout(reference())).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("scenario", [Scenario.SUCCESS, Scenario.ABANDON])
def test_abandoned_payment_is_pending(server: SandboxProcess, scenario: Scenario) -> None:
    payment = chosen(server, scenario)
    server.press(paystack.start(plan(payment)).checkout_url, "abandon")
    assert paystack.look_up(checkout(payment)).outcome is Outcome.PENDING


def test_paid_payment_has_amount_currency_and_id(server: SandboxProcess) -> None:
    _payment, looked = paid(server)
    assert (looked.outcome, looked.amount_minor, looked.currency) == (Outcome.SUCCEEDED, 8000, "USD")
    assert looked.provider_payment_id is not None
    assert looked.provider_payment_id.isdecimal()


def test_declined_payment_may_succeed_later(server: SandboxProcess) -> None:
    payment = reference()
    url = paystack.start(plan(payment)).checkout_url
    server.press(url, "decline")
    assert paystack.look_up(checkout(payment)).outcome is Outcome.FAILED
    server.press(url)
    assert paystack.look_up(checkout(payment)).outcome is Outcome.SUCCEEDED


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
    payment, looked = paid(server, Scenario.DELAYED_SUCCESS)
    assert looked.outcome is Outcome.PENDING
    wait_until(lambda: paystack.look_up(checkout(payment)).outcome is Outcome.SUCCEEDED, seconds=10, what="the money")


@pytest.mark.parametrize("attempt", [0, 1, 2])
@pytest.mark.parametrize("named", [None, 1, 2])
def test_look_up_finds_the_paid_attempt(server: SandboxProcess, attempt: int, named: int | None) -> None:
    payment = reference()
    started = [paystack.start(plan(payment)) for _time in range(3)]
    server.press(started[attempt].checkout_url)
    provider_id = None if named is None else started[named].provider_id
    assert paystack.look_up(checkout(payment, provider_id)).outcome is Outcome.SUCCEEDED


def test_hanging_provider_is_down(server: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "READ_SECONDS", 0.3)
    with pytest.raises(ProviderDownError):
        paystack.start(plan(chosen(server, Scenario.HANG)))


def test_start_after_a_lost_reply_uses_a_new_attempt(server: SandboxProcess) -> None:
    payment = chosen(server, Scenario.STORED_ERROR)
    with pytest.raises(ProviderDownError):
        paystack.start(plan(payment))
    assert paystack.start(plan(payment)).provider_id == f"{payment}-2"


def test_start_after_an_error_keeps_the_reference(server: SandboxProcess) -> None:
    payment = chosen(server, Scenario.ERROR_THEN_SUCCESS)
    with pytest.raises(ProviderDownError):
        paystack.start(plan(payment))
    assert paystack.start(plan(payment)).provider_id is None


def test_look_up_asks_again_after_an_error(server: SandboxProcess) -> None:
    payment = reference()
    server.press(paystack.start(plan(payment)).checkout_url)
    server.choose(Scenario.ERROR_THEN_SUCCESS, payment)
    assert paystack.look_up(checkout(payment)).outcome is Outcome.SUCCEEDED


def test_wrong_key_says_nothing_about_a_payment(monkeypatch: pytest.MonkeyPatch, server: SandboxProcess) -> None:
    give_settings(monkeypatch, BillingSettings(paystack=PaystackSettings(secret_key="other", url=server.url)))
    with pytest.raises(ProviderDownError, match="401"):
        paystack.look_up(checkout(reference()))


@pytest.mark.parametrize(
    ("scenario", "outcome"),
    [
        (Scenario.SUCCESS, RefundOutcome.COMPLETED),
        (Scenario.REFUND_FAILS, RefundOutcome.FAILED),
        (Scenario.REFUND_NEEDS_ATTENTION, RefundOutcome.NEEDS_ATTENTION),
    ],
)
def test_refund_is_pending_and_then_ends(server: SandboxProcess, scenario: Scenario, outcome: RefundOutcome) -> None:
    payment, looked = paid(server, scenario)
    refund = refund_plan(payment, looked.provider_payment_id, 3000)
    first = paystack.refund(refund)
    assert first.outcome is RefundOutcome.PENDING
    assert settled({**refund, "provider_refund_id": first.provider_refund_id}, outcome)


def test_repeated_refund_is_one_refund(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id, 3000)
    first = paystack.refund(refund)
    before = refunds_sent(server)
    assert paystack.refund(refund).provider_refund_id == first.provider_refund_id
    assert refunds_sent(server) == before


def test_refund_after_a_lost_reply_is_one_refund(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id, 3000)
    server.choose(Scenario.STORED_ERROR, payment)
    with pytest.raises(ProviderDownError):
        paystack.refund(refund)
    before = refunds_sent(server)
    assert paystack.refund(refund).provider_refund_id
    assert refunds_sent(server) == before


def test_two_refunds_of_one_payment_are_two(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refunds = [paystack.refund(refund_plan(payment, looked.provider_payment_id, 3000)) for _time in range(2)]
    assert refunds[0].provider_refund_id != refunds[1].provider_refund_id


def test_refund_of_more_than_was_paid_is_refused(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    with pytest.raises(ProviderRefusedError, match="cannot be more"):
        paystack.refund(refund_plan(payment, looked.provider_payment_id, 8001))


def test_refund_without_an_id_is_found_by_its_note(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id)
    assert paystack.look_up_refund(refund).outcome is RefundOutcome.UNKNOWN
    first = paystack.refund(refund)
    assert paystack.look_up_refund(refund).provider_refund_id == first.provider_refund_id


def test_refund_of_another_amount_needs_attention(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id, 3000)
    paystack.refund(refund)
    assert paystack.refund({**refund, "amount_minor": 2000}).outcome is RefundOutcome.NEEDS_ATTENTION


def test_refund_of_an_unknown_id_is_unknown() -> None:
    refund = refund_plan(reference(), "1")
    assert paystack.look_up_refund({**refund, "provider_refund_id": "404"}).outcome is RefundOutcome.UNKNOWN


def test_fully_refunded_payment_brings_no_money(server: SandboxProcess) -> None:
    payment, looked = paid(server)
    refund = refund_plan(payment, looked.provider_payment_id)
    paystack.refund(refund)
    assert settled(refund, RefundOutcome.COMPLETED)
    assert paystack.look_up(checkout(payment)).outcome is Outcome.EXPIRED
