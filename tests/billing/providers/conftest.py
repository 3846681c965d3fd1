"""A local Stripe, and the settings of an account at it."""

import secrets
from collections.abc import Iterator

import pytest

from chassis import clock
from services.billing.providers import stripe
from services.billing.providers.port import Checkout, Plan, RefundPlan
from services.billing.settings import BillingSettings, StripeSettings
from tests.sandboxes.process import SandboxProcess
from tests.sandboxes.receiver import Received, Receiver
from tests.sandboxes.scenarios import Scenario
from tests.servers.processes import wait_until
from tests.settings import give_settings

SECRETS = ("whsec_new", "whsec_old")


class StripeAccount:
    """A hospital's account at the local Stripe."""

    def __init__(self, sandbox: SandboxProcess, receiver: Receiver) -> None:
        self.sandbox, self.receiver = sandbox, receiver

    def plan(self, scenario: Scenario = Scenario.SUCCESS, amount_minor: int = 1250, currency: str = "EUR") -> Plan:
        """Return a new payment, which takes the course of the scenario."""
        reference = secrets.token_hex(20)
        self.sandbox.choose(scenario, reference)
        return {
            "payment_id": reference,
            "reference": reference,
            "amount_minor": amount_minor,
            "currency": currency,
            "provider": stripe.NAME,
            "return_url": "https://hospital.test/paid",
            "email": "ann@example.com",
            "title": "Invoice 12",
        }

    def checkout(self, plan: Plan, provider_id: str | None) -> Checkout:
        """Return a started payment."""
        return {
            "payment_id": plan["payment_id"],
            "reference": plan["reference"],
            "provider_id": provider_id,
            "amount_minor": plan["amount_minor"],
            "currency": plan["currency"],
            "provider": stripe.NAME,
            "created_at": clock.now().isoformat(),
        }

    def started(self, plan: Plan, button: str | None = "pay") -> Checkout:
        """Start a payment, and press a button of its page."""
        started = stripe.start(plan)
        if button:
            self.sandbox.press(started.checkout_url, button)
        return self.checkout(plan, started.provider_id)

    def refund_of(self, checkout: Checkout, amount_minor: int) -> RefundPlan:
        """Return a new refund of a payment."""
        return {
            "refund_id": secrets.token_hex(16),
            "reference": checkout["reference"],
            "provider_payment_id": stripe.look_up(checkout).provider_payment_id,
            "provider_refund_id": None,
            "amount_minor": amount_minor,
            "currency": checkout["currency"],
            "provider": stripe.NAME,
            "requested_at": clock.now().isoformat(),
        }

    def webhooks(self, text: str, count: int = 1) -> list[Received]:
        """Wait for webhooks whose body has a text, such as a reference, and return them."""
        wait_until(lambda: len(self._having(text)) >= count, seconds=20, what="the webhooks")
        return self._having(text)

    def _having(self, text: str) -> list[Received]:
        return [each for each in self.receiver.received if text.encode() in each.body]


@pytest.fixture(scope="module")
def stripe_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeAccount]:
    """Start a local Stripe and a receiver of its webhooks."""
    with (
        Receiver() as receiver,
        SandboxProcess(
            "stripe",
            tmp_path_factory.mktemp("stripe"),
            webhook_url=receiver.url,
            webhook_secret=SECRETS[1],
            hang_seconds=3,
            delayed_seconds=0.5,
            webhook_delay=0,
        ) as sandbox,
    ):
        yield StripeAccount(sandbox, receiver)


@pytest.fixture
def account(hospital: None, stripe_servers: StripeAccount, monkeypatch: pytest.MonkeyPatch) -> StripeAccount:
    """An account at a local Stripe."""
    at_stripe = StripeSettings(secret_key="sandbox-key", webhook_secrets=SECRETS, url=stripe_servers.sandbox.url)
    give_settings(monkeypatch, BillingSettings(stripe=at_stripe))
    return stripe_servers
