"""Answers of providers about refunds."""

from datetime import UTC, datetime, timedelta

import pytest

from chassis import clock
from chassis.persistence.database import Session
from contracts.billing.refunds import RefundCompleted
from services.billing.models.odd_payments import OddPayment
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.providers import sandbox
from services.billing.providers.port import Refunded, RefundOutcome
from services.billing.refunds import outcomes
from tests.billing.factories import published
from tests.billing.refund_factories import decide, odd_rows, paid, paid_back, request

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def approved(session: Session, monkeypatch: pytest.MonkeyPatch) -> tuple[Refund, Payment]:
    """Return a refund whose provider has answered that it is pending."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(sandbox, "refund", lambda _plan: Refunded(RefundOutcome.PENDING, "re_1"))
    payment = paid(session, 8000)
    return decide(session, request(session, payment)), payment


def finish(session: Session, refund: Refund, outcome: RefundOutcome) -> Refund:
    finished = outcomes.finish(session, refund, Refunded(outcome, "re_1"))
    session.flush()
    return finished


def test_pending_refund_waits_for_ten_minutes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    refund, _payment = approved(session, monkeypatch)
    assert (refund.status, refund.provider_refund_id) == ("approved", "re_1")
    assert refund.next_look_at == NOW + timedelta(minutes=10)


def test_completed_refund_is_booked_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    refund, payment = approved(session, monkeypatch)
    for _time in range(2):
        assert finish(session, refund, RefundOutcome.COMPLETED).status == "completed"
    assert paid_back(session, payment) == 8000
    assert len(published(session, RefundCompleted)) == 1


def test_failed_refund_releases_its_amount(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    refund, payment = approved(session, monkeypatch)
    assert finish(session, refund, RefundOutcome.FAILED).status == "failed"
    assert (payment.refunding_minor, paid_back(session, payment)) == (0, 0)
    assert published(session, RefundCompleted) == []


def test_failed_refund_is_requested_anew(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    refund, payment = approved(session, monkeypatch)
    finish(session, refund, RefundOutcome.FAILED)
    assert request(session, payment).amount_minor == 8000


def test_refund_that_needs_attention_is_listed_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    refund, _payment = approved(session, monkeypatch)
    for _time in range(2):
        assert finish(session, refund, RefundOutcome.NEEDS_ATTENTION).status == "approved"
    assert odd_rows(session) == [("refund_needs_attention", str(refund.id))]


def test_listed_refund_names_no_money_to_pay_back(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    refund, _payment = approved(session, monkeypatch)
    finish(session, refund, RefundOutcome.NEEDS_ATTENTION)
    assert session.query(OddPayment).one().provider_payment_id is None


def test_listed_refund_completes_later(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    refund, payment = approved(session, monkeypatch)
    finish(session, refund, RefundOutcome.NEEDS_ATTENTION)
    assert finish(session, refund, RefundOutcome.COMPLETED).status == "completed"
    assert paid_back(session, payment) == 8000


@pytest.mark.parametrize("outcome", [RefundOutcome.PENDING, RefundOutcome.UNKNOWN])
@pytest.mark.parametrize(("days", "listed"), [(6, 0), (7, 1)])
def test_refund_is_listed_after_seven_days(
    session: Session, monkeypatch: pytest.MonkeyPatch, outcome: RefundOutcome, days: int, listed: int
) -> None:
    refund, _payment = approved(session, monkeypatch)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=days))
    assert finish(session, refund, outcome).status == "approved"
    assert len(odd_rows(session)) == listed


def test_completed_refund_that_fails_later_is_listed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    refund, payment = approved(session, monkeypatch)
    finish(session, refund, RefundOutcome.COMPLETED)
    assert finish(session, refund, RefundOutcome.FAILED).status == "completed"
    assert (len(odd_rows(session)), payment.refunding_minor) == (1, 8000)


def test_answer_about_an_undecided_refund_changes_nothing(session: Session) -> None:
    payment = paid(session)
    refund = request(session, payment)
    assert finish(session, refund, RefundOutcome.COMPLETED).status == "requested"
    assert paid_back(session, payment) == 0
