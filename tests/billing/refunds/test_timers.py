"""The timer that asks providers about approved refunds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chassis import clock
from chassis.persistence.database import Session
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.providers import sandbox
from services.billing.providers.port import ProviderDownError, Refunded, RefundOutcome, RefundPlan
from tests.billing.refund_factories import decide, look, odd_rows, paid, paid_back, request

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Later = Callable[[timedelta], None]


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Set the clock to a time after the approval."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return lambda passed: monkeypatch.setattr(clock, "now", lambda: NOW + passed)


def answering(monkeypatch: pytest.MonkeyPatch, call: str, answer: Refunded | Exception) -> list[RefundPlan]:
    """Let the sandbox give this answer; return the list that collects its calls."""
    calls: list[RefundPlan] = []

    def answers(plan: RefundPlan) -> Refunded:
        calls.append(plan)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(sandbox, call, answers)
    return calls


def waiting(
    session: Session, monkeypatch: pytest.MonkeyPatch, answer: Refunded | Exception | None = None
) -> tuple[Refund, Payment]:
    """Return an approved refund whose provider gave this answer, by default that it is pending."""
    answering(monkeypatch, "refund", answer or Refunded(RefundOutcome.PENDING, "re_1"))
    payment = paid(session, 8000)
    return decide(session, request(session, payment)), payment


def test_pending_refund_is_looked_up_after_ten_minutes(
    session: Session, monkeypatch: pytest.MonkeyPatch, after: Later
) -> None:
    waiting(session, monkeypatch)
    calls = answering(monkeypatch, "look_up_refund", Refunded(RefundOutcome.PENDING, "re_1"))
    after(9 * MINUTE)
    assert look(session) == 0
    after(10 * MINUTE)
    assert (look(session), [plan["provider_refund_id"] for plan in calls]) == (1, ["re_1"])


def test_pending_refund_is_then_looked_up_hourly(
    session: Session, monkeypatch: pytest.MonkeyPatch, after: Later
) -> None:
    refund, _payment = waiting(session, monkeypatch)
    answering(monkeypatch, "look_up_refund", Refunded(RefundOutcome.PENDING, "re_1"))
    after(10 * MINUTE)
    look(session)
    assert refund.next_look_at == NOW + 10 * MINUTE + HOUR


def test_confirmed_refund_completes(session: Session, monkeypatch: pytest.MonkeyPatch, after: Later) -> None:
    refund, payment = waiting(session, monkeypatch)
    answering(monkeypatch, "look_up_refund", Refunded(RefundOutcome.COMPLETED, "re_1"))
    after(HOUR)
    look(session)
    assert (refund.status, refund.finished_at, refund.next_look_at) == ("completed", NOW + HOUR, None)
    assert paid_back(session, payment) == 8000


def test_refund_that_did_not_reach_its_provider_is_sent_again(
    session: Session, monkeypatch: pytest.MonkeyPatch, after: Later
) -> None:
    refund, payment = waiting(session, monkeypatch, ProviderDownError())
    calls = answering(monkeypatch, "refund", Refunded(RefundOutcome.COMPLETED, "re_1"))
    after(10 * MINUTE)
    look(session)
    assert [plan["refund_id"] for plan in calls] == [str(refund.id)]
    assert (refund.status, refund.provider_refund_id, paid_back(session, payment)) == ("completed", "re_1", 8000)


def test_provider_that_stays_down_is_asked_every_ten_minutes(
    session: Session, monkeypatch: pytest.MonkeyPatch, after: Later
) -> None:
    refund, _payment = waiting(session, monkeypatch, ProviderDownError())
    after(10 * MINUTE)
    look(session)
    assert (refund.status, refund.next_look_at) == ("approved", NOW + 20 * MINUTE)


def test_late_refund_is_listed_and_looked_up_daily(
    session: Session, monkeypatch: pytest.MonkeyPatch, after: Later
) -> None:
    refund, _payment = waiting(session, monkeypatch)
    answering(monkeypatch, "look_up_refund", Refunded(RefundOutcome.UNKNOWN))
    after(7 * DAY)
    look(session)
    assert odd_rows(session) == [("refund_needs_attention", str(refund.id))]
    assert (refund.status, refund.next_look_at) == ("approved", NOW + 8 * DAY)


def test_refund_is_not_due_while_another_process_asks(
    session: Session, monkeypatch: pytest.MonkeyPatch, after: Later
) -> None:
    waiting(session, monkeypatch)
    answering(monkeypatch, "look_up_refund", Refunded(RefundOutcome.PENDING))
    after(10 * MINUTE)
    assert [look(session), look(session)] == [1, 0]


def test_unreadable_answer_about_one_refund_leaves_the_others_alone(
    session: Session, monkeypatch: pytest.MonkeyPatch, after: Later
) -> None:
    broken, healthy = waiting(session, monkeypatch)[0], waiting(session, monkeypatch)[0]

    def answers(plan: RefundPlan) -> Refunded:
        if plan["refund_id"] == str(broken.id):
            raise KeyError("status")
        return Refunded(RefundOutcome.COMPLETED)

    monkeypatch.setattr(sandbox, "look_up_refund", answers)
    after(HOUR)
    look(session)
    assert (broken.status, healthy.status) == ("approved", "completed")
