"""Look-ups of payments that stay pending."""

from datetime import timedelta

import time_machine

from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from services.billing.models.payments import Payment
from services.billing.payments import settlement, timers
from services.billing.providers.port import Looked, Outcome
from tests.billing.factories import invoice, pay

MINUTES = timedelta(minutes=10)


def waiting(session: Session, provider: str = "sandbox") -> Payment:
    """Return a pending payment whose first look-up is ten minutes after its start."""
    payment = pay(session, invoice(session, amount_minor=8000))
    payment.provider, payment.next_look_at = provider, payment.created_at + MINUTES
    session.flush()
    return payment


def test_payment_is_looked_up_after_ten_minutes_and_then_hourly(session: Session) -> None:
    payment = waiting(session)
    assert timers.due(session, SYSTEM) == []
    for age in (MINUTES, MINUTES + timedelta(hours=1)):
        with time_machine.travel(payment.created_at + age, tick=False):
            [checkout] = timers.due(session, SYSTEM)
        assert checkout["payment_id"] == str(payment.id)
        assert payment.next_look_at == payment.created_at + age + timedelta(hours=1)


def test_payment_of_the_sandbox_is_not_looked_up(session: Session) -> None:
    assert pay(session, invoice(session)).next_look_at is None


def test_provider_that_is_not_configured_stops_no_other(session: Session) -> None:
    away, here = waiting(session, "stripe"), waiting(session)
    with time_machine.travel(away.created_at + 2 * MINUTES, tick=False):
        found = timers.look_up(timers.due(session, SYSTEM))
    assert found == {here.id: Looked(Outcome.PENDING)}


def test_look_up_finds_money_without_a_webhook(session: Session) -> None:
    payment = waiting(session)
    timers.settle(session, SYSTEM, [], {payment.id: Looked(Outcome.SUCCEEDED, 8000, "EUR", "pi_1")})
    assert (payment.status, payment.next_look_at) == ("succeeded", None)


def test_look_ups_end_after_seven_days(session: Session) -> None:
    payment = waiting(session)
    with time_machine.travel(payment.created_at + settlement.LOOKS_END, tick=False):
        checkouts = timers.due(session, SYSTEM)
        timers.settle(session, SYSTEM, checkouts, timers.look_up(checkouts))
    assert (payment.status, payment.next_look_at) == ("expired", None)
