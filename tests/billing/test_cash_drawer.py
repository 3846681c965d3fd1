"""Cash drawers and their closings."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.billing.cash_drawer import CashDrawerView, CloseCashDrawer, GetCashDrawer, ListCashClosings
from contracts.billing.payments import DeskMethod
from services.billing import cash_drawer
from services.billing.models.cash_drawer import CashClosing
from services.billing.models.payments import Payment
from services.billing.service import BillingService
from tests.billing.factories import ADMIN, host, invoice, together
from tests.billing.refund_factories import DESK, decide, paid, request, take

MONDAY, MONDAY_LATER = datetime(2026, 11, 23, 16, tzinfo=UTC), datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
"""Half past midnight on Tuesday in Berlin."""
COLLEAGUE = Actor(id=uuid7(), roles=DESK.roles, verified=True)
At = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Set the clock. The tests begin on Monday."""

    def move(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    move(MONDAY)
    return move


def drawer(session: Session, actor: Actor = DESK) -> CashDrawerView:
    session.flush()
    return cash_drawer.get(session, actor, GetCashDrawer())


def close(session: Session, counted: int, actor: Actor = DESK) -> CashClosing:
    closing = cash_drawer.close(session, actor, CloseCashDrawer(counted=counted))
    session.flush()
    return closing


def test_drawer_counts_the_cash_of_its_person(session: Session) -> None:
    take(session, invoice(session), 3000)
    take(session, invoice(session), 2000)
    take(session, invoice(session), 1000, actor=COLLEAGUE)
    shown = drawer(session)
    assert (shown.expected_minor, shown.payments, shown.currency) == (5000, 2, "EUR")
    assert (shown.day.isoformat(), shown.is_closed) == ("2026-11-23", False)


def test_drawer_leaves_cards_and_providers_out(session: Session) -> None:
    take(session, invoice(session), method=DeskMethod.CARD_TERMINAL)
    decide(session, request(session, paid(session)))
    assert (drawer(session).expected_minor, drawer(session).payments) == (0, 0)


def test_cash_refund_leaves_the_drawer_of_its_requester(session: Session) -> None:
    payment = take(session, invoice(session), 5000, actor=COLLEAGUE)
    decide(session, request(session, payment, 2000))
    assert drawer(session).expected_minor == -2000
    assert drawer(session, COLLEAGUE).expected_minor == 5000


def test_closing_tells_the_difference(session: Session) -> None:
    take(session, invoice(session), 5000)
    closing = close(session, 4900)
    assert (closing.expected_minor, closing.counted_minor, closing.difference_minor) == (5000, 4900, -100)
    assert (closing.day.isoformat(), closing.closed_at, closing.payments) == ("2026-11-23", MONDAY, 1)


def test_closed_drawer_is_empty(session: Session) -> None:
    payment = take(session, invoice(session), 5000)
    decide(session, request(session, payment, 2000))
    close(session, 3000)
    assert (drawer(session).expected_minor, drawer(session).payments, drawer(session).is_closed) == (0, 0, True)


def test_drawer_is_closed_once_a_day(session: Session, at: At) -> None:
    close(session, 0)
    at(MONDAY_LATER)
    with pytest.raises(Conflict, match="drawer_closed"), session.begin_nested():
        close(session, 0)
    assert len(session.scalars(select(CashClosing)).all()) == 1


def test_colleague_closes_the_own_drawer(session: Session) -> None:
    take(session, invoice(session), 1000, actor=COLLEAGUE)
    close(session, 0)
    assert close(session, 1000, COLLEAGUE).difference_minor == 0


def test_cash_after_the_closing_belongs_to_the_next(session: Session, at: At) -> None:
    take(session, invoice(session), 5000)
    close(session, 5000)
    at(MONDAY_LATER)
    take(session, invoice(session), 700)
    at(TUESDAY)
    take(session, invoice(session), 300)
    closing = close(session, 1000)
    assert (closing.expected_minor, closing.payments, closing.day.isoformat()) == (1000, 2, "2026-11-24")


def test_admin_lists_closings_newest_first(session: Session, at: At) -> None:
    first = close(session, 0)
    at(TUESDAY)
    second, other = close(session, 0), close(session, 0, COLLEAGUE)
    of_person = ListCashClosings(person_id=DESK.person, limit=20, cursor=None)
    found = cash_drawer.list_closings(session, ADMIN, of_person).items
    assert [each.id for each in found] == [second.id, first.id]
    everyone = ListCashClosings(limit=20, cursor=None)
    assert other.id in [each.id for each in cash_drawer.list_closings(session, ADMIN, everyone).items]


def test_concurrent_closings_close_once(fresh: Database) -> None:
    with fresh.begin() as session:
        take(session, invoice(session), 5000)

    def close_in_service(number: int) -> Any:
        try:
            return BillingService.close_cash_drawer(host(fresh, DESK, f"key {number}"), counted=5000)["expected_minor"]
        except Conflict as refused:
            return refused.code

    answers = together(close_in_service, range(10))
    assert sorted(map(str, answers)) == ["5000"] + ["drawer_closed"] * 9


def test_each_concurrent_payment_is_in_one_closing(fresh: Database, at: At) -> None:
    with fresh.begin() as session:
        bills = [invoice(session, amount_minor=1000).id for _number in range(10)]

    def work(number: int) -> int:
        if number == 5:
            return int(BillingService.close_cash_drawer(host(fresh, DESK, "close"), counted=0)["expected_minor"])
        order = {"invoice_id": str(bills[number % 10]), "method": "cash", "amount": 500}
        BillingService.take_payment(host(fresh, DESK, f"key {number}"), **order)
        return 0

    first = sum(together(work, range(20)))
    at(TUESDAY)
    second = BillingService.close_cash_drawer(host(fresh, DESK, "next"), counted=0)["expected_minor"]
    with fresh.read() as session:
        assert first + int(second) == sum(session.scalars(select(Payment.amount_minor))) == 9500
