"""Refunds in three steps as in the service, repeated, interrupted and at the same time."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from chassis.identity import NOBODY
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import outbox
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.providers import sandbox
from services.billing.providers.port import ProviderDownError, Refunded, RefundOutcome, RefundPlan
from services.billing.service import BillingService
from tests.billing.factories import ADMIN, host, invoice, pay, press, together
from tests.billing.refund_factories import DESK, look, paid, paid_back, request


def ask(database: Database, payment_id: UUID, amount: int | None = None) -> str:
    """Request a refund; return its status, or the code of the refusal."""
    order = {"payment_id": str(payment_id), "reason": "Paid twice.", **({"amount": amount} if amount else {})}
    try:
        return str(BillingService.request_refund(host(database, DESK, str(uuid7())), **order)["status"])
    except Conflict as refused:
        return refused.code


def approve(database: Database, refund_id: UUID, key: str = "key") -> Any:
    order = {"refund_id": str(refund_id), "decision": "approve", "reason": "Checked."}
    return BillingService.decide_refund(host(database, ADMIN, key), **order)


def state(database: Database, payment_id: UUID) -> tuple[int, int, int]:
    """Return the reserved amount, the amount paid back, and the number of events."""
    with database.read() as session:
        payment = session.get_one(Payment, payment_id)
        events = session.scalar(select(func.count()).where(outbox.c.name == "refund_completed")) or 0
        return payment.refunding_minor, paid_back(session, payment), events


@pytest.fixture
def payment_id(fresh: Database) -> UUID:
    """Return a committed payment of 80.00."""
    with fresh.begin() as session:
        return paid(session, 8000).id


@pytest.fixture
def refund_id(fresh: Database, payment_id: UUID) -> UUID:
    """Return a committed request for the whole payment."""
    with fresh.begin() as session:
        return request(session, session.get_one(Payment, payment_id)).id


def calls_of(monkeypatch: pytest.MonkeyPatch, answer: Refunded | BaseException) -> list[RefundPlan]:
    """Let the sandbox give this answer; return the list that collects its calls."""
    calls: list[RefundPlan] = []

    def refund(plan: RefundPlan) -> Refunded:
        calls.append(plan)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr(sandbox, "refund", refund)
    return calls


def test_twenty_concurrent_requests_reserve_no_more_than_was_paid(fresh: Database, payment_id: UUID) -> None:
    answers = together(lambda _number: ask(fresh, payment_id, 3000), range(20))
    assert sorted(answers) == ["more_than_refundable"] * 18 + ["requested"] * 2
    assert state(fresh, payment_id)[0] == 6000


def test_ten_concurrent_approvals_pay_back_once(
    fresh: Database, payment_id: UUID, refund_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = calls_of(monkeypatch, Refunded(RefundOutcome.COMPLETED, "re_1"))

    def decide(number: int) -> str:
        try:
            return str(approve(fresh, refund_id, f"key {number}")["status"])
        except Conflict as refused:
            return refused.code

    assert sorted(together(decide, range(10))) == ["completed"] + ["refund_decided"] * 9
    assert (len(calls), state(fresh, payment_id)) == (1, (8000, 8000, 1))


def test_concurrent_requests_with_one_key_call_the_provider_once(
    fresh: Database, payment_id: UUID, refund_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = calls_of(monkeypatch, Refunded(RefundOutcome.COMPLETED, "re_1"))
    statuses = {reply["status"] for reply in together(lambda _number: approve(fresh, refund_id), range(10))}
    assert statuses <= {"approved", "completed"}
    assert len(calls) == 1


def test_refund_and_payment_at_once_keep_the_invoice_right(fresh: Database) -> None:
    with fresh.begin() as session:
        bill = invoice(session, amount_minor=8000)
        first = press(session, pay(session, bill, 5000)).id
        reference = pay(session, bill, 3000).reference
        refund = request(session, session.get_one(Payment, first)).id
    press_pay = BillingService.finish_sandbox_checkout
    work = [
        lambda: press_pay(host(fresh, NOBODY, "pay"), reference=reference, outcome="pay"),
        lambda: approve(fresh, refund),
    ]
    assert sorted(reply["status"] for reply in together(lambda each: each(), work)) == ["completed", "succeeded"]
    assert state(fresh, first) == (5000, 5000, 1)


def test_provider_is_called_outside_any_transaction(
    fresh: Database, refund_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools: list[str] = []

    def refund(_plan: RefundPlan) -> Refunded:
        pools.append(fresh.engine.pool.status())
        return Refunded(RefundOutcome.COMPLETED)

    monkeypatch.setattr(sandbox, "refund", refund)
    approve(fresh, refund_id)
    assert "Current Checked out connections: 0" in pools[0]


def test_approval_is_stored_when_the_provider_is_down(
    fresh: Database, payment_id: UUID, refund_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls_of(monkeypatch, ProviderDownError())
    reply = approve(fresh, refund_id)
    assert (reply["status"], reply["finished_at"]) == ("approved", None)
    assert state(fresh, payment_id) == (8000, 0, 0)


def test_approval_survives_an_answer_that_cannot_be_read(
    fresh: Database, refund_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls_of(monkeypatch, KeyError("status"))
    assert approve(fresh, refund_id)["status"] == "approved"


def make_due(session: Session, refund_id: UUID) -> None:
    refund = session.get_one(Refund, refund_id)
    refund.next_look_at = refund.requested_at
    session.flush()


def test_timer_finishes_a_refund_whose_process_died_after_the_call(
    fresh: Database, payment_id: UUID, refund_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = calls_of(monkeypatch, SystemExit("killed"))
    with pytest.raises(SystemExit):
        approve(fresh, refund_id)
    assert (len(calls), state(fresh, payment_id)) == (1, (8000, 0, 0))
    calls_of(monkeypatch, Refunded(RefundOutcome.COMPLETED, "re_1"))
    with fresh.begin() as session:
        make_due(session, refund_id)
        assert look(session) == 1
        assert session.get_one(Refund, refund_id).status == "completed"


def test_repeated_request_leaves_an_interrupted_refund_to_the_timer(
    fresh: Database, refund_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = calls_of(monkeypatch, SystemExit("killed"))
    with pytest.raises(SystemExit):
        approve(fresh, refund_id)
    assert approve(fresh, refund_id)["status"] == "approved"
    assert len(calls) == 1
