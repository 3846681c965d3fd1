"""Paystack: webhooks and their signatures, and the list of movements."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import clock
from services.billing.providers import paystack
from services.billing.providers.port import (
    Movement,
    Notice,
    Outcome,
    RefundOutcome,
    Topic,
    UnreadableWebhookError,
    WrongSignatureError,
)
from services.billing.settings import BillingSettings, PaystackSettings
from tests.billing.providers.factories import checkout, plan, reference, refund_plan
from tests.sandboxes.process import SandboxProcess
from tests.sandboxes.receiver import Received, Receiver
from tests.sandboxes.scenarios import COPIES, Scenario
from tests.servers.processes import wait_until
from tests.settings import give_settings

KEY = "sk_test_0123456789"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess("paystack", tmp_path_factory.mktemp("paystack"), secret_key=KEY) as sandbox:
        yield sandbox


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, server: SandboxProcess) -> None:
    give_settings(monkeypatch, BillingSettings(paystack=PaystackSettings(secret_key=KEY, url=server.url)))


@pytest.fixture
def hospital_key(monkeypatch: pytest.MonkeyPatch) -> None:
    give_settings(monkeypatch, BillingSettings(paystack=PaystackSettings(secret_key=KEY)))


@pytest.fixture
def receiver(server: SandboxProcess) -> Iterator[Receiver]:
    with Receiver() as receiver:
        server.control("options", webhook_url=receiver.url)
        yield receiver
        server.control("options", webhook_url="")


def pay(server: SandboxProcess, scenario: Scenario = Scenario.SUCCESS) -> str:
    payment = reference()
    server.choose(scenario, payment)
    server.press(paystack.start(plan(payment)).checkout_url)
    return payment


def arrived(receiver: Receiver, payment: str, count: int = 1) -> list[Received]:
    """Wait for the webhooks of a payment; those of earlier tests may still come."""

    def found() -> list[Received]:
        return [each for each in receiver.received if payment.encode() in each.body]

    wait_until(lambda: len(found()) >= count, seconds=20, what=f"the arrival of {count} webhooks")
    return found()


def read(received: Received) -> Notice:
    return paystack.read_webhook(received.headers, received.body, clock.now())


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    return {"x-paystack-signature": hmac.new(key.encode(), body, hashlib.sha512).hexdigest()}


def notice(event: str, **data: object) -> Notice:
    body = orjson.dumps({"event": event, "data": data})
    return paystack.read_webhook(signed(body), body, clock.now())


@pytest.mark.usefixtures("account")
def test_webhook_of_a_payment_only_names_it(server: SandboxProcess, receiver: Receiver) -> None:
    payment = pay(server)
    found = read(arrived(receiver, payment)[0])
    assert (found.topic, found.kind, found.reference, found.looked) == (Topic.PAYMENT, "charge.success", payment, None)
    assert found.provider_payment_id == paystack.look_up(checkout(payment)).provider_payment_id


@pytest.mark.usefixtures("account")
def test_webhook_of_a_second_attempt_names_our_reference(server: SandboxProcess, receiver: Receiver) -> None:
    payment = reference()
    paystack.start(plan(payment))
    server.press(paystack.start(plan(payment)).checkout_url)
    assert read(arrived(receiver, payment)[0]).reference == payment


@pytest.mark.usefixtures("account")
def test_repeated_webhooks_have_one_event_id(server: SandboxProcess, receiver: Receiver) -> None:
    payment = pay(server, Scenario.DUPLICATE_WEBHOOKS)
    assert len({read(each).event_id for each in arrived(receiver, payment, COPIES)}) == 1


@pytest.mark.usefixtures("account")
def test_refused_webhook_comes_again(server: SandboxProcess, receiver: Receiver) -> None:
    receiver.statuses = [500] * 5
    payment = pay(server)
    first, second, *_others = arrived(receiver, payment, 2)
    assert first.body == second.body


@pytest.mark.usefixtures("account")
def test_webhook_with_a_wrong_signature_is_refused(server: SandboxProcess, receiver: Receiver) -> None:
    payment = pay(server, Scenario.WRONG_SIGNATURE)
    with pytest.raises(WrongSignatureError):
        read(arrived(receiver, payment)[0])


@pytest.mark.usefixtures("account")
def test_webhooks_of_a_refund_name_the_payment(server: SandboxProcess, receiver: Receiver) -> None:
    payment = pay(server)
    paystack.refund(refund_plan(payment, paystack.look_up(checkout(payment)).provider_payment_id))
    found = [read(each) for each in arrived(receiver, payment, 3)]
    assert {each.kind for each in found} == {"charge.success", "refund.pending", "refund.processed"}
    facts = {(each.reference, each.refunded) for each in found if each.topic is Topic.REFUND}
    assert facts == {(payment, None)}


@pytest.mark.usefixtures("account")
def test_webhook_of_a_dispute_names_the_payment(server: SandboxProcess, receiver: Receiver) -> None:
    payment = pay(server, Scenario.DISPUTE)
    [dispute] = [each for each in map(read, arrived(receiver, payment, 2)) if each.topic is Topic.DISPUTE]
    assert dispute.reference == payment
    assert dispute.provider_payment_id == paystack.look_up(checkout(payment)).provider_payment_id


@pytest.mark.usefixtures("hospital_key")
def test_event_id_consists_of_event_id_and_status() -> None:
    assert notice("charge.success", id=7, status="success", reference="ab").event_id == "charge.success:7:success"
    refund = notice("refund.failed", refund_reference="TRF_1", transaction_reference="ab-2", status="failed")
    assert (refund.event_id, refund.reference) == ("refund.failed:TRF_1:failed", "ab")
    pending = notice("refund.pending", refund_reference=None, transaction_reference="ab", status="pending")
    assert pending.event_id == "refund.pending:ab:pending"


@pytest.mark.usefixtures("hospital_key")
def test_refund_may_name_the_payment_as_reference() -> None:
    assert notice("refund.processed", reference="ab", amount="5000", status="processed").reference == "ab"


@pytest.mark.usefixtures("hospital_key")
def test_unknown_event_has_no_effect() -> None:
    assert notice("transfer.success", id=7).topic is Topic.OTHER


@pytest.mark.usefixtures("hospital_key")
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"event": 7, "data": {}}', b'{"event": "charge.success", "data": []}', b"\xff"]
)
def test_signed_body_of_another_form_cannot_be_read(body: bytes) -> None:
    with pytest.raises(UnreadableWebhookError):
        paystack.read_webhook(signed(body), body, clock.now())


@pytest.mark.usefixtures("hospital_key")
def test_webhook_with_a_very_long_id_cannot_be_read() -> None:
    with pytest.raises(UnreadableWebhookError):
        notice("charge.success", id="7" * 300)


@pytest.mark.usefixtures("hospital_key")
@pytest.mark.parametrize("headers", [{}, {"x-paystack-signature": ""}, {"x-paystack-signature": "é"}])
def test_webhook_without_a_signature_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(WrongSignatureError):
        paystack.read_webhook(headers, b"{}", clock.now())


@pytest.mark.usefixtures("hospital_key")
@given(st.binary(min_size=1), st.data())
def test_changed_body_breaks_the_signature(body: bytes, data: st.DataObject) -> None:
    place, change = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(1, 255))
    changed = body[:place] + bytes([body[place] ^ change]) + body[place + 1 :]
    with pytest.raises(WrongSignatureError):
        paystack.read_webhook(signed(body), changed, clock.now())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.sampled_from(["charge.success", "refund.pending", "charge.dispute.create", "other"])
FIELDS = st.dictionaries(
    st.sampled_from(["id", "status", "reference", "transaction", "transaction_reference"]), JSON, max_size=5
)


@pytest.mark.usefixtures("hospital_key")
@given(EVENTS, FIELDS)
def test_every_signed_event_is_read_or_unreadable(event: str, data: dict[str, object]) -> None:
    try:
        found = notice(event, **data)
    except UnreadableWebhookError:
        return
    assert found.kind == event
    assert found.looked is None


@pytest.mark.usefixtures("account")
def test_movements_are_payments_and_refunds_in_the_period(server: SandboxProcess) -> None:
    begin = clock.now()
    payment = pay(server)
    number = paystack.look_up(checkout(payment)).provider_payment_id
    assert number is not None
    refund = refund_plan(payment, number)
    pay(server, Scenario.DECLINE)
    paystack.refund(refund)
    wait_until(lambda: paystack.look_up(checkout(payment)).outcome is Outcome.EXPIRED, seconds=10, what="the refund")
    found = list(paystack.movements(begin, clock.now() + timedelta(seconds=1)))
    done = paystack.look_up_refund(refund)
    assert done.outcome is RefundOutcome.COMPLETED
    times = [each.at for each in found]
    assert found == [
        Movement(number, payment, 8000, "USD", times[0]),
        Movement(number, payment, 8000, "USD", times[1], done.provider_refund_id),
    ]
    assert payment not in {each.reference for each in paystack.movements(begin - timedelta(days=1), begin)}
