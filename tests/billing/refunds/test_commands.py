"""Requests for refunds, and decisions on them."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, NotFound
from chassis.persistence.database import Session
from contracts.billing.invoices import ListInvoices, RefundDue
from contracts.billing.refunds import DecideRefund, RefundCompleted, RequestRefund
from contracts.scheduling.appointments.events import VisitCompletionUndone
from services.billing.invoices import queries
from services.billing.invoices.handlers import on_visit_completion_undone
from services.billing.models.invoices import Invoice
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.refunds import commands
from tests.billing.factories import ADMIN, heard, invoice, pay, press, published, view_of
from tests.billing.refund_factories import DESK, decide, entries_of, paid, paid_back, request
from tests.events import example_of


def bill_of(session: Session, payment: Payment) -> Invoice:
    return session.get_one(Invoice, payment.invoice_id)


def test_request_reserves_the_rest_by_default(session: Session) -> None:
    payment = paid(session, 8000)
    request(session, payment, 3000)
    refund = request(session, payment)
    assert (refund.status, refund.amount_minor, refund.requested_by) == ("requested", 5000, DESK.id)
    assert payment.refunding_minor == 8000


def test_request_above_the_rest_is_refused(session: Session) -> None:
    payment = paid(session, 8000)
    request(session, payment, 3000)
    with pytest.raises(Conflict, match="more_than_refundable") as refused:
        request(session, payment, 5001)
    assert refused.value.facts == {"refundable_minor": 5000}


def test_request_is_refused_when_nothing_is_left(session: Session) -> None:
    payment = paid(session)
    request(session, payment)
    with pytest.raises(Conflict, match="more_than_refundable"):
        request(session, payment)
    assert payment.refunding_minor == payment.amount_minor


@pytest.mark.parametrize("status", ["pending", "failed", "unapplied"])
def test_only_a_succeeded_payment_is_refunded(session: Session, status: str) -> None:
    payment = pay(session, invoice(session))
    payment.status = status
    with pytest.raises(Conflict, match="not_refundable"):
        request(session, payment)
    assert payment.refunding_minor == 0


def test_unknown_payment_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        commands.request(session, DESK, RequestRefund(payment_id=uuid7(), reason="Paid twice."))


def test_unknown_refund_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        commands.decide(session, ADMIN, DecideRefund(refund_id=uuid7(), decision="approve", reason="Checked."))


def test_approved_refund_through_the_sandbox_completes(session: Session) -> None:
    payment = paid(session, 8000)
    refund = decide(session, request(session, payment))
    view = view_of(session, bill_of(session, payment))
    assert (refund.status, refund.decided_by, refund.next_look_at) == ("completed", ADMIN.id, None)
    assert (view.status, view.refunded_minor, view.open_minor) == ("refunded", 8000, 0)


def test_completed_refund_is_published(session: Session) -> None:
    refund = decide(session, request(session, paid(session), 3000))
    (data,) = published(session, RefundCompleted)
    assert (data["refund_id"], data["payment_id"]) == (refund.id, refund.payment_id)
    assert (data["amount_minor"], data["currency"]) == (3000, "EUR")


def test_refund_of_a_part_takes_its_charge_back(session: Session) -> None:
    payment = paid(session, 8000)
    decide(session, request(session, payment, 3000))
    view = view_of(session, bill_of(session, payment))
    assert (view.status, view.open_minor) == ("part_refunded", 0)
    assert entries_of(session, payment) == {"charge": 8000, "credit": 8000, "refund": 3000, "return": 3000}


def test_refund_that_is_still_owed_opens_the_invoice_again(session: Session) -> None:
    payment = paid(session, 8000)
    decide(session, request(session, payment, 3000, still_owed=True))
    view = view_of(session, bill_of(session, payment))
    assert (view.status, view.open_minor) == ("part_paid", 3000)


def test_rejected_refund_releases_its_amount(session: Session) -> None:
    payment = paid(session)
    refund = decide(session, request(session, payment), "reject")
    assert (refund.status, refund.decision_reason, payment.refunding_minor) == ("rejected", "Checked.", 0)
    assert paid_back(session, payment) == 0


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_requester_must_not_decide(session: Session, decision: str) -> None:
    refund = request(session, paid(session))
    with pytest.raises(Conflict, match="own_refund"):
        decide(session, refund, decision, DESK)
    assert refund.status == "requested"


@pytest.mark.parametrize("first", ["approve", "reject"])
def test_refund_is_decided_once(session: Session, first: str) -> None:
    refund = decide(session, request(session, paid(session)), first)
    status = refund.status
    with pytest.raises(Conflict, match="refund_decided"):
        decide(session, refund)
    assert refund.status == status


def test_undone_invoice_is_refunded_by_the_same_command(session: Session) -> None:
    payment = paid(session, 8000)
    bill = bill_of(session, payment)
    event = example_of(VisitCompletionUndone, appointment_id=bill.appointment_id, revision=bill.visit_revision + 1)
    on_visit_completion_undone(session, heard(session), event)
    assert [data["amount_minor"] for data in published(session, RefundDue)] == [8000]
    decide(session, request(session, payment))
    view = view_of(session, bill)
    assert (view.status, view.refund_minor, view.refunded_minor) == ("refunded", 0, 8000)
    assert "return" not in entries_of(session, payment)
    query = ListInvoices(needs_refund=True, limit=100, cursor=None)
    assert bill.id not in [listed.id for listed in queries.list_all(session, ADMIN, query).items]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("request"), st.none() | st.integers(1, 1200), st.booleans()),
        st.tuples(st.sampled_from(["approve", "reject"]), st.integers(0, 5), st.just(value=False)),
        st.tuples(st.just("pay"), st.none() | st.integers(1, 1200), st.just(value=False)),
    ),
    max_size=20,
)


@given(steps=STEPS)
@hypothesis_settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_refunds_never_exceed_payments(session: Session, steps: list[tuple[str, int | None, bool]]) -> None:
    payment = paid(session, 1000)
    payments, refunds, bill = [payment], list[Refund](), bill_of(session, payment)
    for step, number, still_owed in steps:
        with suppress(Conflict):
            if step == "request":
                refunds.append(request(session, payments[-1], number, still_owed=still_owed))
            elif step == "pay":
                payments.append(press(session, pay(session, bill, number)))
            elif refunds:
                decide(session, refunds[(number or 0) % len(refunds)], step)
    back, received = paid_back(session, payment), sum(each.amount_minor for each in payments)
    assert back == sum(refund.amount_minor for refund in refunds if refund.status == "completed")
    assert 0 <= back <= received
    assert all(0 <= each.refunding_minor <= each.amount_minor for each in payments)
    sums = {"credit": bill.credited_minor, "refund": bill.refunded_minor, "return": bill.returned_minor}
    assert entries_of(session, payment) == {"charge": 1000, **{kind: total for kind, total in sums.items() if total}}
    assert bill.balance.open_minor >= 0
