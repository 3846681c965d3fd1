"""What a provider says of a payment, applied to the payment and its invoice."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from chassis.persistence.database import Database, Session
from contracts.billing.payments import PaymentFailed, PaymentReceived
from services.billing.models.invoices import Invoice
from services.billing.models.odd_payments import OddPayment
from services.billing.models.payments import Payment
from services.billing.payments import settlement
from services.billing.providers.port import Looked, Outcome
from tests.billing.factories import invoice, pay, published, together, undo, view_of


def paid(amount_minor: int = 8000, currency: str = "EUR", money: str = "pi_1") -> Looked:
    return Looked(Outcome.SUCCEEDED, amount_minor, currency, money)


def waiting(session: Session, bill: Invoice | None = None) -> Payment:
    """Return a pending payment at Stripe, as a started checkout leaves it."""
    payment = pay(session, bill or invoice(session, amount_minor=8000))
    payment.provider = "stripe"
    session.flush()
    return payment


def oddities(session: Session) -> list[tuple[str, str, int | None]]:
    session.flush()
    query = select(OddPayment.kind, OddPayment.provider, OddPayment.amount_minor).order_by(OddPayment.id)
    return [tuple(row) for row in session.execute(query)]


def test_money_is_credited(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    payment = waiting(session, bill)
    assert settlement.settle(session, payment.id, paid())
    assert (payment.status, payment.provider_payment_id, view_of(session, bill).status) == ("succeeded", "pi_1", "paid")
    assert [data["payment_id"] for data in published(session, PaymentReceived)] == [payment.id]


def test_repeated_money_is_credited_once(session: Session) -> None:
    payment = waiting(session)
    assert [settlement.settle(session, payment.id, paid()) for _ in range(5)] == [True] + [False] * 4
    assert (len(published(session, PaymentReceived)), oddities(session)) == (1, [])


def test_second_money_of_one_checkout_is_listed(session: Session) -> None:
    payment = waiting(session)
    settlement.settle(session, payment.id, paid())
    settlement.settle(session, payment.id, paid(money="pi_2"))
    assert oddities(session) == [("overpayment", "stripe", 8000)]


@pytest.mark.parametrize(
    ("looked", "kind"),
    [
        (paid(7999), "wrong_amount"),
        (paid(8001), "wrong_amount"),
        (paid(currency="USD"), "wrong_currency"),
    ],
)
def test_money_that_does_not_fit_is_set_aside(session: Session, looked: Looked, kind: str) -> None:
    bill = invoice(session, amount_minor=8000)
    payment = waiting(session, bill)
    settlement.settle(session, payment.id, looked)
    settlement.settle(session, payment.id, looked)
    assert (payment.status, view_of(session, bill).paid_minor) == ("unapplied", 0)
    assert oddities(session) == [(kind, "stripe", looked.amount_minor)]


def test_second_payment_of_an_invoice_is_set_aside(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    first, second = waiting(session, bill), waiting(session, bill)
    settlement.settle(session, first.id, paid())
    settlement.settle(session, second.id, paid(money="pi_2"))
    assert (second.status, view_of(session, bill).paid_minor) == ("unapplied", 8000)
    assert oddities(session) == [("overpayment", "stripe", 8000)]


def test_money_after_the_invoice_is_void_must_be_paid_back(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    payment = waiting(session, bill)
    undo(session, bill.appointment_id)
    settlement.settle(session, payment.id, paid())
    assert (payment.status, view_of(session, bill).refund_minor) == ("succeeded", 8000)


def test_money_after_a_failed_try_is_credited(session: Session) -> None:
    payment = waiting(session)
    settlement.settle(session, payment.id, Looked(Outcome.FAILED))
    settlement.settle(session, payment.id, Looked(Outcome.FAILED))
    assert (payment.status, len(published(session, PaymentFailed))) == ("failed", 1)
    settlement.settle(session, payment.id, paid())
    assert payment.status == "succeeded"


def test_failure_after_the_money_changes_nothing(session: Session) -> None:
    payment = waiting(session)
    settlement.settle(session, payment.id, paid())
    assert not settlement.settle(session, payment.id, Looked(Outcome.FAILED))
    assert (payment.status, payment.next_look_at) == ("succeeded", None)


@pytest.mark.parametrize(
    ("outcome", "age", "status", "listed"),
    [
        (Outcome.PENDING, timedelta(minutes=10), "pending", []),
        (Outcome.PENDING, timedelta(days=7), "expired", [("unresolved", "stripe", 8000)]),
        (Outcome.UNKNOWN, timedelta(hours=23), "pending", []),
        (Outcome.UNKNOWN, timedelta(hours=24), "expired", []),
        (Outcome.EXPIRED, timedelta(minutes=10), "expired", []),
        (Outcome.FAILED, timedelta(minutes=10), "failed", []),
    ],
)
def test_payment_without_money_waits_or_ends(
    session: Session, outcome: Outcome, age: timedelta, status: str, listed: list[tuple[str, str, int]]
) -> None:
    payment = waiting(session)
    with time_machine.travel(payment.created_at + age, tick=False):
        settlement.settle(session, payment.id, Looked(outcome))
    assert (payment.status, oddities(session)) == (status, listed)
    is_looked_at = payment.next_look_at == payment.created_at + age + settlement.NEXT_LOOK
    assert is_looked_at == (status in ("pending", "failed"))


def test_failed_payment_is_not_looked_up_after_seven_days(session: Session) -> None:
    payment = waiting(session)
    settlement.settle(session, payment.id, Looked(Outcome.FAILED))
    with time_machine.travel(payment.created_at + settlement.LOOKS_END, tick=False):
        settlement.settle(session, payment.id, Looked(Outcome.FAILED))
    assert payment.next_look_at is None


# --- concurrent, on a database that commits ----------------------------------------------------------------------


def test_concurrent_payments_of_an_invoice_never_overpay(fresh: Database) -> None:
    with fresh.begin() as session:
        bill = invoice(session, amount_minor=8000)
        payments = [waiting(session, bill).id for _ in range(8)]

    def take(number: int) -> None:
        with fresh.begin() as session:
            settlement.settle(session, payments[number], paid(money=f"pi_{number}"))

    together(take, range(8))
    with fresh.begin() as session:
        assert view_of(session, session.get_one(Invoice, bill.id)).paid_minor == 8000
        assert len(oddities(session)) == 7
        assert session.scalar(select(func.count()).where(Payment.status == "unapplied")) == 7
