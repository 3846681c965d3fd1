"""The sandbox's checkout page, and the ledger under whatever is done on it."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis import config
from chassis.errors import Conflict, NotFound
from chassis.identity import NOBODY
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import outbox
from contracts.billing.payments import GetSandboxCheckout, PaymentFailed, PaymentReceived, SandboxCheckoutView
from services.billing import invoices, sandbox_checkout
from services.billing.models.invoices import CREDIT, LedgerEntry
from services.billing.models.payments import Payment
from services.billing.service import BillingService
from tests.billing.factories import host, invoice, pay, press, said, seen, settings, together


def credits_of(session: Session, payment: Payment) -> int:
    return session.scalar(select(func.count()).where(LedgerEntry.payment_id == payment.id)) or 0


def test_the_page_shows_what_is_to_be_paid(session: Session) -> None:
    payment = pay(session, invoice(session, amount_minor=8000))
    shown = SandboxCheckoutView.dump_one(
        sandbox_checkout.get(session, NOBODY, GetSandboxCheckout(reference=payment.reference))
    )
    assert shown == {
        "reference": payment.reference, "amount_minor": 8000, "currency": "EUR", "status": "pending",
        "return_url": None,
    }  # fmt: skip


def test_an_unknown_page_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        sandbox_checkout.get(session, NOBODY, GetSandboxCheckout(reference="0" * 40))
    with pytest.raises(NotFound):
        press(session, "0" * 40)


def test_no_page_is_found_where_the_sandbox_is_not_allowed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = pay(session, invoice(session))
    monkeypatch.setattr(config, "_current", settings(allow_sandbox_payments=False))
    with pytest.raises(NotFound):
        sandbox_checkout.get(session, NOBODY, GetSandboxCheckout(reference=payment.reference))
    with pytest.raises(NotFound):
        press(session, payment)


def test_a_payment_of_another_provider_cannot_be_finished_here(session: Session) -> None:
    payment = pay(session, invoice(session))
    payment.provider = "other"
    with pytest.raises(NotFound):
        press(session, payment)


def test_paying_makes_the_invoice_paid_and_tells_it(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    payment = press(session, pay(session, bill))
    view = seen(session, bill)
    assert (payment.status, view["status"], view["paid_minor"]) == ("succeeded", "paid", 8000)
    (told,) = said(session, PaymentReceived)
    assert (told["payment_id"], told["invoice_id"], told["amount_minor"]) == (payment.id, bill.id, 8000)


def test_paying_a_part_makes_the_invoice_part_paid(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    press(session, pay(session, bill, 1))
    assert (seen(session, bill)["status"], seen(session, bill)["paid_minor"]) == ("part_paid", 1)


def test_declining_credits_nothing_and_tells_it(session: Session) -> None:
    bill = invoice(session)
    payment = press(session, pay(session, bill), "decline")
    assert (payment.status, payment.reason, seen(session, bill)["status"]) == ("failed", "declined", "issued")
    assert credits_of(session, payment) == 0
    assert [told["payment_id"] for told in said(session, PaymentFailed)] == [payment.id]


@pytest.mark.parametrize(("first", "then"), [("pay", "pay"), ("pay", "decline"), ("decline", "pay")])
def test_what_is_finished_stays_as_it_is(session: Session, first: str, then: str) -> None:
    payment = press(session, pay(session, invoice(session)), first)
    status = payment.status
    assert press(session, payment, then).status == status
    assert credits_of(session, payment) == (1 if first == "pay" else 0)
    assert len(said(session, PaymentReceived) + said(session, PaymentFailed)) == 1


def test_a_payment_that_would_pay_too_much_is_refused_with_its_reason(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    slow, fast = pay(session, bill, 5000), pay(session, bill, 5000)
    press(session, fast)
    assert (press(session, slow).status, slow.reason) == ("failed", "more_than_open")
    assert seen(session, bill)["paid_minor"] == 5000
    assert [told["payment_id"] for told in said(session, PaymentFailed)] == [slow.id]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.none() | st.integers(1, 1200)),
        st.tuples(st.sampled_from(["pay", "decline"]), st.integers(0, 5)),
    ),
    max_size=20,
)


@given(steps=STEPS)
@hypothesis_settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_ledger_is_exact_in_whatever_order_payments_are_made(
    session: Session, steps: list[tuple[str, int | None]]
) -> None:
    begun: list[Payment] = []
    bill = invoice(session, amount_minor=1000)
    for step, number in steps:
        if step != "begin":
            _ = [press(session, payment, step) for payment in begun[number or 0 : (number or 0) + 1]]
            continue
        with suppress(Conflict):
            begun.append(pay(session, bill, number))
    balance = invoices.balance_of(session, bill.id)
    received = sum(payment.amount_minor for payment in begun if payment.status == "succeeded")
    assert (balance.charged, balance.credited) == (1000, received)
    assert 0 <= received <= 1000
    assert seen(session, bill)["status"] == {0: "issued", 1000: "paid"}.get(received, "part_paid")


# --- at once, on a database that commits ----------------------------------------------------------------------------


def counts(database: Database) -> tuple[int, dict[str, int]]:
    """How many credits there are, and how many events of each name wait to be sent."""
    names = select(outbox.c.name, func.count()).where(outbox.c.name.like("payment%")).group_by(outbox.c.name)
    with database.read() as session:
        credits_ = session.scalar(select(func.count()).where(LedgerEntry.kind == CREDIT)) or 0
        return credits_, dict(session.execute(names).all())


def test_pressing_pay_thirty_times_at_once_credits_once(fresh: Database) -> None:
    with fresh.begin() as session:
        reference = pay(session, invoice(session)).reference

    def finish(number: int) -> str:
        press_pay = BillingService.finish_sandbox_checkout
        reply = press_pay(host(fresh, NOBODY, f"key {number}"), reference=reference, outcome="pay")
        return str(reply["status"])

    assert together(finish, range(30)) == ["succeeded"] * 30
    assert counts(fresh) == (1, {"payment_received": 1})


def test_of_thirty_whole_payments_at_once_one_is_credited(fresh: Database) -> None:
    with fresh.begin() as session:
        bill = invoice(session)
        references = [pay(session, bill).reference for _number in range(30)]

    def finish(reference: str) -> str:
        with fresh.begin() as session:
            return press(session, reference).status

    assert sorted(together(finish, references)) == ["failed"] * 29 + ["succeeded"]
    assert counts(fresh)[0] == 1


def test_of_pay_and_decline_at_once_only_one_is_told(fresh: Database) -> None:
    with fresh.begin() as session:
        references = [pay(session, invoice(session)).reference for _number in range(10)]

    def finish(of: tuple[str, str]) -> None:
        key = str(uuid7())
        BillingService.finish_sandbox_checkout(host(fresh, NOBODY, key), reference=of[0], outcome=of[1])

    together(finish, [(reference, outcome) for reference in references for outcome in ("pay", "decline", "pay")])
    credited, told = counts(fresh)
    assert credited == told.get("payment_received", 0)
    assert sum(told.values()) == 10
