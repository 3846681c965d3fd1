"""The comparison of a day with the list of a provider."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from contracts.billing.payments import Provider
from contracts.billing.reconciliation import ListReconciliations
from services.billing.models.payments import Payment
from services.billing.models.reconciliation import Reconciliation
from services.billing.payments import settlement
from services.billing.providers.port import Looked, Movement, Outcome
from services.billing.reconciliation import queries, timers
from services.billing.reconciliation.timers import Comparison
from services.billing.settings import BillingSettings, StripeSettings
from tests.billing.factories import ADMIN, invoice, pay
from tests.settings import give_settings

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = NOON.date()


def paid(session: Session, money: str = "pi_1", at: datetime = NOON) -> Payment:
    """Return a payment of 80.00 EUR at Stripe whose money came at this time."""
    payment = pay(session, invoice(session, amount_minor=8000))
    payment.provider = "stripe"
    session.flush()
    with time_machine.travel(at, tick=False):
        settlement.settle(session, payment.id, Looked(Outcome.SUCCEEDED, 8000, "EUR", money))
    return payment


def listed(money: str = "pi_1", amount_minor: int = 8000, at: datetime = NOON, refund: str | None = None) -> Movement:
    return Movement(money, None, amount_minor, "EUR", at, refund)


def compared(session: Session, *movements: Movement) -> tuple[int, list[tuple[Any, ...]]]:
    """Compare the day; return the number of movements that both have, and the differences."""
    timers.compare(session, SYSTEM, [], [Comparison(Provider.STRIPE, DAY, movements)])
    session.flush()
    [made] = session.scalars(select(Reconciliation)).all()
    keys = ("kind", "provider_payment_id", "ours_minor", "theirs_minor")
    return made.compared, [tuple(each[key] for key in keys) for each in made.differences]


def test_equal_lists_have_no_difference(session: Session) -> None:
    paid(session)
    assert compared(session, listed()) == (1, [])


def test_payment_that_is_not_recorded_here_is_listed(session: Session) -> None:
    assert compared(session, listed("pi_2")) == (0, [("missing_here", "pi_2", None, 8000)])


def test_payment_that_the_provider_does_not_list_is_listed(session: Session) -> None:
    paid(session)
    assert compared(session) == (0, [("missing_there", "pi_1", 8000, None)])


def test_other_amount_is_listed(session: Session) -> None:
    paid(session)
    assert compared(session, listed(amount_minor=7900)) == (1, [("amount", "pi_1", 8000, 7900)])


def test_refund_that_is_not_recorded_here_is_listed(session: Session) -> None:
    paid(session)
    assert compared(session, listed(), listed(amount_minor=500, refund="re_1"))[1] == [
        ("missing_here", "pi_1", None, 500)
    ]


def test_payment_of_the_next_day_is_left_to_it(session: Session) -> None:
    assert compared(session, listed("pi_3", at=NOON + timedelta(days=1))) == (0, [])


def test_clock_of_the_provider_may_differ(session: Session) -> None:
    paid(session, at=datetime(2026, 11, 23, 23, 59, tzinfo=UTC))
    assert compared(session, listed(at=datetime(2026, 11, 24, 0, 1, tzinfo=UTC))) == (1, [])


def test_money_that_was_set_aside_is_no_difference(session: Session) -> None:
    payment = paid(session)
    settlement.settle(session, payment.id, Looked(Outcome.SUCCEEDED, 8000, "EUR", "pi_2"))
    assert compared(session, listed(), listed("pi_2")) == (2, [])


@pytest.mark.parametrize(("hour", "day"), [(11, date(2026, 11, 21)), (12, date(2026, 11, 22))])
def test_day_is_due_half_a_day_after_its_end(
    session: Session, monkeypatch: pytest.MonkeyPatch, hour: int, day: date
) -> None:
    account = StripeSettings(secret_key="sk_test_1", webhook_secrets=("whsec_1",))
    give_settings(monkeypatch, BillingSettings(allow_sandbox_payments=True, stripe=account))
    with time_machine.travel(datetime(2026, 11, 23, hour, tzinfo=UTC), tick=False):
        assert timers.due(session, SYSTEM) == [Comparison(Provider.STRIPE, day)]
        timers.compare(session, SYSTEM, [], [Comparison(Provider.STRIPE, day)])
        session.flush()
        assert timers.due(session, SYSTEM) == []


def test_admin_lists_days_with_differences(session: Session) -> None:
    compared(session, listed("pi_2"))
    for only, provider, count in ((True, None, 1), (True, Provider.PAYSTACK, 0), (False, Provider.STRIPE, 1)):
        query = ListReconciliations(only_differences=only, provider=provider, limit=20, cursor=None)
        assert len(queries.list_all(session, ADMIN, query).items) == count
