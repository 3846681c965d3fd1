"""The checkout page of the sandbox, and the ledger after each of its actions."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, NotFound
from chassis.identity import NOBODY
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import outbox
from contracts.billing.payments import GetSandboxCheckout, PaymentFailed, PaymentReceived, SandboxCheckoutView
from services.billing.models.ledger import LedgerEntry, LedgerKind
from services.billing.models.payments import Payment
from services.billing.payments import sandbox_checkout
from services.billing.service import BillingService
from services.billing.settings import BillingSettings
from tests.billing.factories import host, invoice, pay, press, published, together, view_of
from tests.settings import give_settings


def credits_of(session: Session, payment: Payment) -> int:
    return session.scalar(select(func.count()).where(LedgerEntry.payment_id == payment.id)) or 0


def test_page_shows_the_payment(session: Session) -> None:
    payment = pay(session, invoice(session, amount_minor=8000))
    shown = SandboxCheckoutView.dump_one(
        sandbox_checkout.get_checkout(session, NOBODY, GetSandboxCheckout(reference=payment.reference))
    )
    assert shown == {
        "reference": payment.reference, "amount_minor": 8000, "currency": "EUR", "status": "pending",
        "return_url": None,
    }  # fmt: skip


def test_unknown_page_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        sandbox_checkout.get_checkout(session, NOBODY, GetSandboxCheckout(reference="0" * 40))
    with pytest.raises(NotFound):
        press(session, "0" * 40)


def test_page_is_not_found_when_the_sandbox_is_not_allowed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = pay(session, invoice(session))
    give_settings(monkeypatch, BillingSettings())
    with pytest.raises(NotFound):
        sandbox_checkout.get_checkout(session, NOBODY, GetSandboxCheckout(reference=payment.reference))
    with pytest.raises(NotFound):
        press(session, payment)


def test_payment_of_another_provider_is_not_found(session: Session) -> None:
    payment = pay(session, invoice(session))
    payment.provider = "other"
    with pytest.raises(NotFound):
        press(session, payment)


def test_full_payment_marks_the_invoice_paid_and_is_published(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    payment = press(session, pay(session, bill))
    view = view_of(session, bill)
    assert (payment.status, view.status, view.paid_minor) == ("succeeded", "paid", 8000)
    (data,) = published(session, PaymentReceived)
    assert (data["payment_id"], data["invoice_id"], data["amount_minor"]) == (payment.id, bill.id, 8000)


def test_partial_payment_marks_the_invoice_part_paid(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    press(session, pay(session, bill, 1))
    assert (view_of(session, bill).status, view_of(session, bill).paid_minor) == ("part_paid", 1)


def test_declined_payment_credits_nothing_and_is_published(session: Session) -> None:
    bill = invoice(session)
    payment = press(session, pay(session, bill), "decline")
    assert (payment.status, payment.reason, view_of(session, bill).status) == ("failed", "declined", "issued")
    assert credits_of(session, payment) == 0
    assert [data["payment_id"] for data in published(session, PaymentFailed)] == [payment.id]


@pytest.mark.parametrize(("first", "then"), [("pay", "pay"), ("pay", "decline"), ("decline", "pay")])
def test_finished_payment_stays_the_same(session: Session, first: str, then: str) -> None:
    payment = press(session, pay(session, invoice(session)), first)
    status = payment.status
    assert press(session, payment, then).status == status
    assert credits_of(session, payment) == (1 if first == "pay" else 0)
    assert len(published(session, PaymentReceived) + published(session, PaymentFailed)) == 1


def test_payment_fails_when_a_faster_payment_leaves_too_little_open(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    slow, fast = pay(session, bill, 5000), pay(session, bill, 5000)
    press(session, fast)
    assert (press(session, slow).status, slow.reason) == ("failed", "more_than_open")
    assert view_of(session, bill).paid_minor == 5000
    assert [data["payment_id"] for data in published(session, PaymentFailed)] == [slow.id]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), st.none() | st.integers(1, 1200)),
        st.tuples(st.sampled_from(["pay", "decline"]), st.integers(0, 5)),
    ),
    max_size=20,
)


@given(steps=STEPS)
@hypothesis_settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ledger_is_exact_after_payments_in_any_order(session: Session, steps: list[tuple[str, int | None]]) -> None:
    started: list[Payment] = []
    bill = invoice(session, amount_minor=1000)
    for step, number in steps:
        if step != "start":
            _ = [press(session, payment, step) for payment in started[number or 0 : (number or 0) + 1]]
            continue
        with suppress(Conflict):
            started.append(pay(session, bill, number))
    balance = bill.balance
    received = sum(payment.amount_minor for payment in started if payment.status == "succeeded")
    assert (balance.charged, balance.credited) == (1000, received)
    assert 0 <= received <= 1000
    assert view_of(session, bill).status == {0: "issued", 1000: "paid"}.get(received, "part_paid")


# --- concurrent, on a database that commits ----------------------------------------------------------------------


def counts(database: Database) -> tuple[int, dict[str, int]]:
    """Return the number of credits, and the number of unsent events of each name."""
    names = select(outbox.c.name, func.count()).where(outbox.c.name.like("payment%")).group_by(outbox.c.name)
    with database.read() as session:
        credits_ = session.scalar(select(func.count()).where(LedgerEntry.kind == LedgerKind.CREDIT)) or 0
        return credits_, dict(session.execute(names).all())


def test_thirty_concurrent_confirmations_credit_once(fresh: Database) -> None:
    with fresh.begin() as session:
        reference = pay(session, invoice(session)).reference

    def finish(number: int) -> str:
        press_pay = BillingService.finish_sandbox_checkout
        reply = press_pay(host(fresh, NOBODY, f"key {number}"), reference=reference, outcome="pay")
        return str(reply["status"])

    assert together(finish, range(30)) == ["succeeded"] * 30
    assert counts(fresh) == (1, {"payment_received": 1})


def test_thirty_concurrent_full_payments_credit_one(fresh: Database) -> None:
    with fresh.begin() as session:
        bill = invoice(session)
        references = [pay(session, bill).reference for _number in range(30)]

    def finish(reference: str) -> str:
        with fresh.begin() as session:
            return press(session, reference).status

    assert sorted(together(finish, references)) == ["failed"] * 29 + ["succeeded"]
    assert counts(fresh)[0] == 1


def test_concurrent_pay_and_decline_publish_one_outcome(fresh: Database) -> None:
    with fresh.begin() as session:
        references = [pay(session, invoice(session)).reference for _number in range(10)]

    def finish(of: tuple[str, str]) -> None:
        key = str(uuid7())
        BillingService.finish_sandbox_checkout(host(fresh, NOBODY, key), reference=of[0], outcome=of[1])

    together(finish, [(reference, outcome) for reference in references for outcome in ("pay", "decline", "pay")])
    credited, events = counts(fresh)
    assert credited == events.get("payment_received", 0)
    assert sum(events.values()) == 10
