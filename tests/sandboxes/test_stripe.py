"""The local Stripe: its API, its webhooks, and the base of all sandboxes."""

import json
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandboxes.process import SandboxProcess
from tests.sandboxes.receiver import Receiver
from tests.sandboxes.scenarios import Scenario
from tests.servers.processes import Program, wait_until

KEY = {"Authorization": "Bearer sandbox-key"}


class Shop:
    """A shop whose payments have a scenario."""

    def __init__(self, sandbox: SandboxProcess, receiver: Receiver) -> None:
        self.sandbox, self.receiver = sandbox, receiver

    def ask(self, path: str, key: str | None = None, **fields: str) -> tuple[int, Any]:
        """Send a POST, and return status and body."""
        headers = KEY | ({"Idempotency-Key": key} if key else {})
        answer = requests.post(f"{self.sandbox.url}{path}", data=fields, headers=headers, timeout=10)
        return answer.status_code, answer.json()

    def session(self, scenario: Scenario = Scenario.SUCCESS, key: str | None = None, **changes: str) -> tuple[int, Any]:
        """Create a Checkout Session."""
        reference = secrets.token_hex(8)
        self.sandbox.choose(scenario, reference)
        price = "line_items[0][price_data]"
        fields = {
            "mode": "payment",
            "success_url": "https://shop.test/",
            "line_items[0][quantity]": "1",
            f"{price}[currency]": "eur",
            f"{price}[unit_amount]": "1250",
            f"{price}[product_data][name]": "Invoice <1>",
            "client_reference_id": reference,
            "payment_intent_data[metadata][reference]": reference,
        }
        return self.ask("/v1/checkout/sessions", key, **{**fields, **changes})

    def paid(self, scenario: Scenario) -> str:
        """Pay, and return the reference."""
        _status, session = self.session(scenario)
        self.sandbox.press(session["url"])
        return str(session["client_reference_id"])

    def wait(self, reference: str, status: str, count: int) -> list[dict[str, Any]]:
        """Wait for webhooks with a status."""

        def found() -> list[dict[str, Any]]:
            return [each for each in self.sandbox.webhooks(reference) if each["status"] == status]

        wait_until(lambda: len(found()) >= count, seconds=20, what=f"webhooks that are {status}")
        return found()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop with a local Stripe."""
    options = {"hang_seconds": 1, "retry_seconds": 0.05, "max_tries": 3, "webhook_delay": 0.05}
    with Receiver() as receiver, SandboxProcess("stripe", tmp_path, webhook_url=receiver.url, **options) as sandbox:
        yield Shop(sandbox, receiver)


def test_sandbox_does_not_start_in_production(tmp_path: Path) -> None:
    command = [
        "env",
        "ENV=production",
        sys.executable,
        "-m",
        "tests.sandboxes.stripe",
        f"--folder={tmp_path}",
        "--port=1",
    ]
    program = Program(command, log=tmp_path / "log", folder=Path(__file__).parents[2])
    wait_until(lambda: not program.is_running(), seconds=20, what="the refusal")
    assert "ENV=production" in program.last_words()
    assert not (tmp_path / "stripe.sqlite").exists()


def test_state_survives_a_kill(shop: Shop) -> None:
    _status, session = shop.session(Scenario.DELAYED_SUCCESS)
    shop.sandbox.kill()
    shop.sandbox.start()
    shop.sandbox.press(session["url"])
    shop.sandbox.kill()
    shop.sandbox.start()
    assert len(shop.wait(session["client_reference_id"], "delivered", 4)) == 4


def test_page_shows_amount_and_buttons_as_text(shop: Shop) -> None:
    _status, session = shop.session()
    page = requests.get(session["url"], timeout=10).text
    assert all(f">{button}</button>" in page for button in ("Pay", "Decline", "Abandon"))
    assert "12.50 EUR" in page
    assert "Invoice &lt;1&gt;" in page


def test_page_is_closed_after_the_payment(shop: Shop) -> None:
    _status, session = shop.session()
    shop.sandbox.press(session["url"])
    assert requests.post(session["url"], data={"button": "pay"}, timeout=10).status_code == 409


def test_duplicate_webhooks_are_sent_five_times(shop: Shop) -> None:
    sent = shop.wait(shop.paid(Scenario.DUPLICATE_WEBHOOKS), "delivered", 15)
    assert len({each["id"] for each in sent}) == 3


def test_webhook_arrives_before_the_redirect(shop: Shop) -> None:
    shop.paid(Scenario.WEBHOOK_BEFORE_REDIRECT)
    assert len(shop.receiver.received) == 3


def test_first_webhook_is_sent_last_when_out_of_order(shop: Shop) -> None:
    shop.wait(shop.paid(Scenario.OUT_OF_ORDER), "delivered", 3)
    assert json.loads(shop.receiver.received[-1].body)["type"] == "payment_intent.succeeded"


def test_lost_webhooks_are_sent_by_a_replay(shop: Shop) -> None:
    reference = shop.paid(Scenario.LOST_WEBHOOK)
    assert len(shop.wait(reference, "lost", 3)) == 3
    assert shop.sandbox.control("webhooks/replay", reference=reference) == {"count": 3}
    assert len(shop.wait(reference, "delivered", 3)) == 3


def test_suppressed_webhooks_are_lost(shop: Shop) -> None:
    shop.sandbox.control("webhooks/suppress", suppressed=True)
    assert len(shop.wait(shop.paid(Scenario.SUCCESS), "lost", 3)) == 3


def test_refused_webhook_is_sent_again_until_it_is_given_up(shop: Shop) -> None:
    shop.receiver.statuses = [500, 200, 200, 200]
    sent = shop.wait(shop.paid(Scenario.SUCCESS), "delivered", 3)
    assert sorted(each["answers"] for each in sent) == [[200], [200], [500, 200]]
    shop.receiver.statuses = [500] * 9
    assert {len(each["answers"]) for each in shop.wait(shop.paid(Scenario.SUCCESS), "failed", 3)} == {3}


def test_key_returns_the_first_answer(shop: Shop) -> None:
    key = secrets.token_hex(8)
    fields = {"client_reference_id": "same", "payment_intent_data[metadata][reference]": "same"}
    assert shop.session(key=key, **fields) == shop.session(key=key, **fields)


def test_key_with_other_parameters_is_refused(shop: Shop) -> None:
    key = secrets.token_hex(8)
    shop.session(key=key)
    status, body = shop.session(key=key)
    assert (status, body["error"]["type"]) == (400, "idempotency_error")


def test_error_before_the_work_is_not_stored(shop: Shop) -> None:
    shop.sandbox.choose(Scenario.ERROR_THEN_SUCCESS)
    fields = {"client_reference_id": "once", "payment_intent_data[metadata][reference]": "once"}
    assert [shop.session(key="key", **fields)[0] for _ in range(2)] == [500, 200]


def test_error_after_the_work_is_repeated_for_its_key(shop: Shop) -> None:
    shop.sandbox.choose(Scenario.STORED_ERROR)
    fields = {"client_reference_id": "always", "payment_intent_data[metadata][reference]": "always"}
    assert [shop.session(key="key", **fields)[0] for _ in range(2)] == [500, 500]
    listed = requests.get(f"{shop.sandbox.url}/v1/checkout/sessions", headers=KEY, timeout=10).json()
    assert len(listed["data"]) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"line_items[0][price_data][currency]": "kwd", "line_items[0][price_data][unit_amount]": "1255"}, "amount_"),
        ({"line_items[0][price_data][currency]": "isk"}, "invalid_charge_amount_no_decimal_compatible"),
        ({"line_items[0][price_data][unit_amount]": "0"}, "parameter_invalid_integer"),
        ({"unknown": "1"}, "parameter_unknown"),
    ],
)
def test_session_is_refused_when_a_parameter_is_wrong(shop: Shop, changes: dict[str, str], code: str) -> None:
    status, body = shop.session(**changes)
    assert status == 400
    assert body["error"]["code"].startswith(code)


def test_request_is_refused_without_the_key(shop: Shop) -> None:
    answer = requests.get(f"{shop.sandbox.url}/v1/refunds", timeout=10)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")
