"""Flutterwave: webhooks, whose body is only a hint."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import clock
from services.billing.providers import flutterwave
from services.billing.providers.port import Notice, Topic, UnreadableWebhookError, WrongSignatureError
from services.billing.settings import BillingSettings, FlutterwaveSettings
from tests.billing.providers.factories import checkout, plan, reference
from tests.sandboxes.process import SandboxProcess
from tests.sandboxes.receiver import Received, Receiver
from tests.sandboxes.scenarios import COPIES, Scenario
from tests.servers.processes import wait_until
from tests.settings import give_settings

KEY, HASH = "FLWSECK_TEST-0123456789-X", "secret-hash-of-the-dashboard"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("flutterwave")
    with SandboxProcess("flutterwave", folder, secret_key=KEY, webhook_secret=HASH) as sandbox:
        yield sandbox


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, server: SandboxProcess) -> None:
    account = FlutterwaveSettings(secret_key=KEY, secret_hash=HASH, url=f"{server.url}/v3")
    give_settings(monkeypatch, BillingSettings(flutterwave=account))


@pytest.fixture
def hospital_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    give_settings(monkeypatch, BillingSettings(flutterwave=FlutterwaveSettings(secret_key=KEY, secret_hash=HASH)))


@pytest.fixture
def receiver(server: SandboxProcess) -> Iterator[Receiver]:
    with Receiver() as receiver:
        server.control("options", webhook_url=receiver.url)
        yield receiver
        server.control("options", webhook_url="")


def press(server: SandboxProcess, scenario: Scenario = Scenario.SUCCESS) -> str:
    payment = reference()
    server.choose(scenario, payment)
    server.press(flutterwave.start(plan(payment)).checkout_url)
    return payment


def arrived(receiver: Receiver, payment: str, count: int = 1) -> list[Received]:
    """Wait for the webhooks of a payment; those of earlier tests may still come."""

    def found() -> list[Received]:
        return [each for each in receiver.received if payment.encode() in each.body]

    wait_until(lambda: len(found()) >= count, seconds=20, what=f"the arrival of {count} webhooks")
    return found()


def read(received: Received) -> Notice:
    return flutterwave.read_webhook(received.headers, received.body, clock.now())


def notice(event: dict[str, object]) -> Notice:
    return flutterwave.read_webhook({"verif-hash": HASH}, orjson.dumps(event), clock.now())


def signature(body: bytes) -> dict[str, str]:
    digest = hmac.new(HASH.encode(), body, hashlib.sha256).digest()
    return {"flutterwave-signature": base64.b64encode(digest).decode()}


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("scenario", [Scenario.SUCCESS, Scenario.DECLINE])
def test_webhook_of_a_payment_only_names_it(server: SandboxProcess, receiver: Receiver, scenario: Scenario) -> None:
    payment = press(server, scenario)
    found = read(arrived(receiver, payment)[0])
    assert (found.topic, found.kind, found.reference, found.looked) == (
        Topic.PAYMENT,
        "charge.completed",
        payment,
        None,
    )


@pytest.mark.usefixtures("account")
def test_webhook_has_the_id_of_the_transaction(server: SandboxProcess, receiver: Receiver) -> None:
    payment = press(server)
    found = flutterwave.look_up(checkout(payment)).provider_payment_id
    assert read(arrived(receiver, payment)[0]).provider_payment_id == found


@pytest.mark.usefixtures("account")
def test_repeated_webhooks_have_one_event_id(server: SandboxProcess, receiver: Receiver) -> None:
    payment = press(server, Scenario.DUPLICATE_WEBHOOKS)
    assert len({read(each).event_id for each in arrived(receiver, payment, COPIES)}) == 1


@pytest.mark.usefixtures("account")
def test_webhook_with_a_wrong_hash_is_refused(server: SandboxProcess, receiver: Receiver) -> None:
    payment = press(server, Scenario.WRONG_SIGNATURE)
    with pytest.raises(WrongSignatureError):
        read(arrived(receiver, payment)[0])


@pytest.mark.usefixtures("hospital_hash")
@pytest.mark.parametrize(
    "headers",
    [{}, {"verif-hash": ""}, {"verif-hash": "é"}, {"verif-hash": HASH[:-1]}, {"flutterwave-signature": HASH}],
)
def test_webhook_without_the_hash_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(WrongSignatureError):
        flutterwave.read_webhook(headers, b"{}", clock.now())


@pytest.mark.usefixtures("hospital_hash")
def test_webhook_of_version_four_is_read_by_its_hmac() -> None:
    event = {"id": "wbk_1", "timestamp": 1, "type": "charge.completed", "data": {"id": "chg_1", "reference": "ab"}}
    body = orjson.dumps(event)
    found = flutterwave.read_webhook(signature(body), body, clock.now())
    assert (found.event_id, found.topic, found.reference) == ("wbk_1", Topic.PAYMENT, "ab")
    assert found.looked is None


@pytest.mark.usefixtures("hospital_hash")
@given(st.binary(min_size=1), st.data())
def test_changed_body_breaks_the_hmac(body: bytes, data: st.DataObject) -> None:
    place, change = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(1, 255))
    changed = body[:place] + bytes([body[place] ^ change]) + body[place + 1 :]
    with pytest.raises(WrongSignatureError):
        flutterwave.read_webhook(signature(body), changed, clock.now())


@pytest.mark.usefixtures("hospital_hash")
def test_event_id_consists_of_event_id_and_status() -> None:
    found = notice({"event": "charge.completed", "data": {"id": 7, "tx_ref": "ab", "status": "successful"}})
    assert found.event_id == "charge.completed:7:successful"


@pytest.mark.usefixtures("hospital_hash")
@pytest.mark.parametrize(
    ("kind", "topic"),
    [("refund.completed", Topic.REFUND), ("chargeback.initiated", Topic.DISPUTE), ("transfer.completed", Topic.OTHER)],
)
def test_topic_follows_the_kind(kind: str, topic: Topic) -> None:
    found = notice({"event": kind, "data": {"id": 9, "tx_id": 7, "tx_ref": "ab"}})
    assert (found.topic, found.refunded) == (topic, None)


@pytest.mark.usefixtures("hospital_hash")
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"event": 7, "data": {}}', b'{"event": "charge.completed"}'])
def test_body_of_another_form_cannot_be_read(body: bytes) -> None:
    with pytest.raises(UnreadableWebhookError):
        flutterwave.read_webhook({"verif-hash": HASH}, body, clock.now())
