"""A patient who pays invoices at a local server of a provider, and billing without a broker."""

import base64
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy import func, select, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import MatronError
from chassis.identity import NOBODY, SYSTEM, Actor
from chassis.persistence.database import Database
from chassis.persistence.tables import outbox
from services.billing.invoices import ledger
from services.billing.models.directory import Patient
from services.billing.models.invoices import Invoice
from services.billing.models.ledger import LedgerEntry
from services.billing.models.odd_payments import OddPayment
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.providers import registry
from services.billing.providers.port import Movement, Plan, RefundPlan, Started
from services.billing.service import BillingService
from services.billing.settings import BillingSettings, FlutterwaveSettings, PaystackSettings, StripeSettings
from tests.billing.factories import ADMIN, host, invoice, patient
from tests.sandboxes.options import Options
from tests.sandboxes.process import SandboxProcess
from tests.sandboxes.receiver import Received, Receiver
from tests.sandboxes.scenarios import Scenario
from tests.servers.processes import wait_until

AMOUNT = 8000
DESK = Actor(id=uuid7(), roles=frozenset({"receptionist"}), verified=True)
EVENTS = ("payment_received", "payment_failed", "refund_due", "refund_completed")
KEY, SECRET = Options.secret_key, Options.webhook_secret
HOUR, HALF_AN_HOUR = timedelta(hours=1), timedelta(minutes=30)


class Killed(BaseException):
    """The end of the process. Like SIGKILL, it is no `Exception` that the code could handle."""


def settings_of(sandbox: SandboxProcess) -> BillingSettings:
    """Return the settings of an account at a local server."""
    if sandbox.provider == "stripe":
        stripe = StripeSettings(secret_key=KEY, webhook_secrets=(SECRET,), url=sandbox.url)
        return BillingSettings(stripe=stripe)
    if sandbox.provider == "paystack":
        return BillingSettings(paystack=PaystackSettings(secret_key=KEY, url=sandbox.url))
    flutterwave = FlutterwaveSettings(secret_key=KEY, secret_hash=SECRET, url=f"{sandbox.url}/v3")
    return BillingSettings(flutterwave=flutterwave)


@dataclass(frozen=True)
class Ends:
    """The end of a course: the states of all payments, the invoice, the events, and the odd payments."""

    payment: str
    invoice: str
    events: str
    listed: str = ""
    webhooks: str = ""
    """What billing answered to webhooks, in alphabetical order."""


@dataclass
class Site:
    """A local server of a provider, and the receiver of its webhooks."""

    sandbox: SandboxProcess
    receiver: Receiver


class Shop:
    """One patient with one invoice, and the commands and timers of billing."""

    def __init__(self, site: Site, database: Database, scenario: Scenario = Scenario.SUCCESS) -> None:
        self.sandbox, self.receiver, self.database = site.sandbox, site.receiver, database
        self.payer, self.answers, self.read = patient(), set[str](), len(site.receiver.received)
        self.sandbox.choose(scenario)
        with database.begin() as session:
            bill = invoice(session, self.payer, AMOUNT)
            session.add(Patient(id=self.payer.person, email="ada@example.com"))
        self.invoice_id = bill.id

    # --- the payer ------------------------------------------------------------------------------------------------

    def pay(self, amount_minor: int | None = None, key: str = "key") -> str:
        """Order a payment; return the address of its checkout page."""
        ids = {"patient_id": str(self.payer.person), "invoice_id": str(self.invoice_id)}
        order = {**ids, "provider": self.sandbox.provider, "amount_minor": amount_minor}
        given = {name: value for name, value in order.items() if value is not None}
        reply: Any = BillingService.pay_invoice(host(self.database, self.payer, key), **given)
        return str(reply["checkout_url"])

    def pay_without_record(self) -> str:
        """Order a payment, of which billing is stopped before it stores the checkout; return the page."""
        pages = list[str]()

        def begin(_payment: Payment, url: str, _provider_id: str | None) -> None:
            pages.append(url)
            raise Killed

        with patch.object(Payment, "begin", begin), suppress(Killed):
            self.pay()
        return pages[0]

    def press(self, url: str, button: str = "pay") -> None:
        """Press a button of the checkout page."""
        self.sandbox.press(url, button)

    def start_unknown(self) -> str:
        """Start a payment at the provider of which billing knows nothing; return its page."""
        return self._start_at_provider("0" * 40).checkout_url

    def _start_at_provider(self, reference: str) -> Started:
        plan: Plan = {
            "payment_id": reference,
            "reference": reference,
            "amount_minor": AMOUNT,
            "currency": "EUR",
            "provider": self.sandbox.provider,
            "email": "ada@example.com",
        }
        return registry.PROVIDERS[plan["provider"]].start(plan)

    # --- the admin ------------------------------------------------------------------------------------------------

    def void(self) -> None:
        """Void the invoice."""
        BillingService.void_invoice(
            host(self.database, ADMIN, "void"), invoice_id=str(self.invoice_id), reason="Entered by mistake."
        )

    def settle_odd(self, settlement: str) -> None:
        """Settle the only odd payment."""
        [odd] = self.odd_payments()
        given = {"odd_payment_id": str(odd.id), "settlement": settlement, "reason": "Asked by the payer."}
        BillingService.settle_odd_payment(host(self.database, ADMIN, "settle"), **given)

    def refund(self, amount_minor: int = AMOUNT) -> None:
        """Let the desk ask for a refund of the only payment, and an admin approve it."""
        [payment] = self.payments()
        asked = {"payment_id": str(payment.id), "amount": amount_minor, "reason": "The visit was cancelled."}
        refund: Any = BillingService.request_refund(host(self.database, DESK, f"refund {payment.id}"), **asked)
        decision = {"refund_id": refund["id"], "decision": "approve", "reason": "Agreed."}
        BillingService.decide_refund(host(self.database, ADMIN, f"decide {payment.id}"), **decision)

    def refund_at_provider(self) -> None:
        """Pay the money of the only payment back at the provider, without billing."""
        [payment] = self.payments()
        plan: RefundPlan = {
            "refund_id": f"by-hand-{payment.id}",
            "reference": payment.reference,
            "provider_payment_id": payment.provider_payment_id,
            "provider_refund_id": None,
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "provider": payment.provider,
            "requested_at": clock.now().isoformat(),
        }
        registry.refund(plan)

    # --- webhooks and timers ----------------------------------------------------------------------------------------

    def deliver(self, count: int = 0) -> None:
        """Wait for the webhooks of all payments, and for this number at least; hand the new ones to billing."""
        wait_until(lambda: self.is_sent() and len(self.new()) >= count, seconds=20, what="webhooks", pause=0.02)
        for webhook in self.new():
            self.read += 1
            self.hand_over(webhook)

    def replay(self) -> None:
        """Let the provider send the webhooks of all payments once more, lost ones too."""
        for payment in self.payments():
            self.sandbox.control("webhooks/replay", reference=payment.reference)

    def new(self) -> list[Received]:
        """Return the webhooks that billing has not got."""
        return self.receiver.received[self.read :]

    def is_sent(self) -> bool:
        """Return whether no webhook of the payments waits."""
        references = ["0" * 40, *(payment.reference for payment in self.payments())]
        sent = (webhook for reference in references for webhook in self.sandbox.webhooks(reference))
        return all(webhook["status"] != "waiting" for webhook in sent)

    def hand_over(self, webhook: Received) -> None:
        """Hand a webhook to billing, as the gateway does, and keep the answer."""
        payload = {"headers": webhook.headers, "body": base64.b64encode(webhook.body).decode()}
        try:
            reply: Any = BillingService.receive_webhook(
                host(self.database, NOBODY, ""), provider=self.sandbox.provider, **payload
            )
            self.answers.add(str(reply["effect"]))
        except MatronError as error:
            self.answers.add(error.code)

    def look_up(self, age: timedelta = HALF_AN_HOUR) -> None:
        """Run the timer as if the payments had this age."""
        with self.database.begin() as session:
            then = clock.now() - age
            session.execute(update(Payment).where(Payment.created_at > then).values(created_at=then))
            session.execute(update(Payment).where(Payment.next_look_at.is_not(None)).values(next_look_at=then))
        BillingService.look_up_payments(host(self.database, SYSTEM))

    def look_up_refunds(self) -> None:
        """Run the timer of refunds as if all were due."""
        with self.database.begin() as session:
            session.execute(update(Refund).values(next_look_at=clock.now()))
        BillingService.look_up_refunds(host(self.database, SYSTEM))

    # --- the books --------------------------------------------------------------------------------------------------

    def payments(self) -> list[Payment]:
        """Return the payments of the invoice, oldest first."""
        with self.database.read() as session:
            own = select(Payment).where(Payment.invoice_id == self.invoice_id)
            return list(session.scalars(own.order_by(Payment.id)))

    def odd_payments(self) -> list[OddPayment]:
        """Return the odd payments that wait for an admin."""
        with self.database.read() as session:
            waiting = select(OddPayment).where(OddPayment.settled_at.is_(None))
            return list(session.scalars(waiting.order_by(OddPayment.id)))

    def invoice(self) -> Invoice:
        """Return the invoice as it is now."""
        with self.database.read() as session:
            return session.get_one(Invoice, self.invoice_id)

    def ends(self) -> Ends:
        """Return the present state, as the table of courses writes it."""
        states = [str(payment.status) for payment in self.payments()]
        return Ends(
            payment=", ".join(states),
            invoice=str(self.invoice().status),
            events=", ".join(self._events()),
            listed=", ".join(odd.kind for odd in self.odd_payments()),
            webhooks=", ".join(sorted(self.answers)),
        )

    def _events(self) -> list[str]:
        """Return the published events of this invoice, such as `2 payment_received`."""
        with self.database.read() as session:
            rows = session.rows(select(outbox.c.name, outbox.c.data))
        names = [row.name for row in rows if row.data.get("invoice_id") == str(self.invoice_id)]
        return [f"{names.count(name)} {name}" for name in EVENTS if name in names]

    def sums(self) -> dict[str, int]:
        """Return the sums of the ledger's entries, by the names of the invoice's sums."""
        by_kind = select(LedgerEntry.kind, func.sum(LedgerEntry.amount_minor)).group_by(LedgerEntry.kind)
        with self.database.read() as session:
            rows = session.execute(by_kind.where(LedgerEntry.invoice_id == self.invoice_id)).all()
        return {ledger.SUMS[kind]: int(amount) for kind, amount in rows}

    def paid_at_provider(self) -> list[int]:
        """Return the amounts that the provider has taken for this invoice."""
        return [each.amount_minor for each in self._movements() if each.provider_refund_id is None]

    def paid_back(self) -> list[int]:
        """Return the amounts that the provider has paid back of this invoice."""
        return [each.amount_minor for each in self._movements() if each.provider_refund_id is not None]

    def _movements(self) -> list[Movement]:
        own, now = {payment.reference for payment in self.payments()}, clock.now()
        moved = registry.PROVIDERS[self.sandbox.provider].movements(now - HOUR, now + HOUR)
        return [each for each in moved if each.reference in own]
