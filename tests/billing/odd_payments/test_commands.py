"""Settle money that fits no open payment."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.errors import Conflict, NotFound
from chassis.persistence.database import Session
from contracts.billing.odd_payments import ListOddPayments, Settlement, SettleOddPayment
from services.billing.models.odd_payments import OddPayment
from services.billing.odd_payments import commands, queries
from services.billing.payments import settlement
from services.billing.providers.port import Looked, Outcome
from tests.billing.factories import ADMIN, invoice, pay, undo, view_of


def odd(session: Session, amount_minor: int = 5000, currency: str = "EUR") -> OddPayment:
    """Return money that is not what its payment of 80.00 EUR asked for. The sandbox takes it back."""
    payment = pay(session, invoice(session, amount_minor=8000))
    settlement.settle(session, payment.id, Looked(Outcome.SUCCEEDED, amount_minor, currency, "pi_1"))
    session.flush()
    return session.scalars(select(OddPayment)).one()


def settled(session: Session, odd_payment_id: UUID, how: Settlement) -> OddPayment:
    command = SettleOddPayment(odd_payment_id=odd_payment_id, settlement=how, reason="Agreed with the patient.")
    plan = commands.prepare(session, ADMIN, command)
    done = commands.settle(session, ADMIN, plan, commands.pay_back(plan, command), command)
    session.flush()
    return done


def listed(session: Session, **asked: Any) -> list[UUID]:
    query = ListOddPayments(limit=20, cursor=None, **asked)
    return [each.id for each in queries.list_all(session, ADMIN, query).items]


def test_applied_money_is_credited_with_the_received_amount(session: Session) -> None:
    found = odd(session, 5000)
    done = settled(session, found.id, Settlement.APPLY)
    assert (done.settlement, done.settled_by) == ("apply", ADMIN.id)
    [payment] = [settlement.locked(session, found.payment_id or UUID(int=0))]
    assert (payment[1].status, view_of(session, payment[0]).paid_minor) == ("succeeded", 5000)


def test_money_above_the_open_amount_is_not_applied(session: Session) -> None:
    with pytest.raises(Conflict, match="more_than_open"):
        settled(session, odd(session, 9000).id, Settlement.APPLY)


def test_money_of_another_currency_is_not_applied(session: Session) -> None:
    with pytest.raises(Conflict, match="cannot_settle_so"):
        settled(session, odd(session, 8000, "USD").id, Settlement.APPLY)


def test_money_for_a_void_invoice_is_not_applied(session: Session) -> None:
    found = odd(session, 5000)
    invoiced, _payment = settlement.locked(session, found.payment_id or UUID(int=0))
    undo(session, invoiced.appointment_id)
    with pytest.raises(Conflict, match="nothing_to_pay"):
        settled(session, found.id, Settlement.APPLY)


def test_money_is_paid_back(session: Session) -> None:
    done = settled(session, odd(session).id, Settlement.REFUND)
    assert (done.settlement, done.provider_refund_id) == ("refund", f"sandbox-{done.id}")


def test_odd_payment_is_settled_once(session: Session) -> None:
    found = odd(session)
    settled(session, found.id, Settlement.DISMISS)
    with pytest.raises(Conflict, match="odd_payment_settled"):
        settled(session, found.id, Settlement.REFUND)


def test_settled_odd_payments_are_listed_apart(session: Session) -> None:
    found = odd(session)
    assert (listed(session), listed(session, settled=True)) == ([found.id], [])
    settled(session, found.id, Settlement.DISMISS)
    assert (listed(session), listed(session, settled=True)) == ([], [found.id])


def test_unknown_odd_payment_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        settled(session, UUID(int=1), Settlement.DISMISS)
