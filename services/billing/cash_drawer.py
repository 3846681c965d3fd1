"""Cash drawers: the cash of a person since the last closing, and the closing of a day.

A payment or refund belongs to a drawer until a closing marks it. So each counts in one closing, also if it comes
during the closing.
"""

from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, select, update
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from chassis.persistence.listing import page
from contracts.billing.cash_drawer import (
    DRAWER_CLOSED,
    CashDrawerView,
    CloseCashDrawer,
    GetCashDrawer,
    ListCashClosings,
)
from contracts.billing.payments import DeskMethod
from services.billing import rules, settings
from services.billing.models.cash_drawer import CashClosing
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund


def get(session: Session, actor: Actor, _query: GetCashDrawer) -> CashDrawerView:
    """Get the caller's cash since the last closing."""
    day = _day_of(clock.now())
    taken = select(func.count(), func.coalesce(func.sum(Payment.amount_minor), 0)).where(*_payments_of(actor))
    paid_out = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(*_refunds_of(actor))
    number, received = session.execute(taken).one()
    is_closed = exists().where(CashClosing.person_id == actor.person, CashClosing.day == day)
    return CashDrawerView(
        day=day,
        expected_minor=int(received) - int(session.execute(paid_out).scalar_one()),
        currency=settings.current().currency,
        payments=number,
        is_closed=bool(session.scalar(select(is_closed))),
    )


def close(session: Session, actor: Actor, command: CloseCashDrawer) -> CashClosing:
    """Close the caller's day, and mark its payments and refunds."""
    now = clock.now()
    closing = CashClosing(
        id=uuid7(),
        person_id=actor.person,
        day=_day_of(now),
        currency=settings.current().currency,
        payments=0,
        expected_minor=0,
        counted_minor=command.counted,
        closed_at=now,
    )
    with refusing(session, {"uq_cash_closing_person_id_day": DRAWER_CLOSED}):
        session.add(closing)
    mark = {"cash_closing_id": closing.id}
    taken = update(Payment).where(*_payments_of(actor)).values(mark).returning(Payment.amount_minor)
    paid_out = update(Refund).where(*_refunds_of(actor)).values(mark).returning(Refund.amount_minor)
    received = session.scalars(taken).all()
    closing.payments, closing.expected_minor = len(received), sum(received) - sum(session.scalars(paid_out))
    return closing


def _day_of(moment: datetime) -> date:
    return rules.day_of(moment, config.current().hospital_timezone)


def _payments_of(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of cash payments in the person's drawer. All have succeeded."""
    of_person = Payment.taken_by == actor.person, Payment.currency == settings.current().currency
    return *of_person, Payment.provider == DeskMethod.CASH, Payment.cash_closing_id.is_(None)


def _refunds_of(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of cash refunds from the person's drawer. All are completed."""
    return (
        Refund.paid_out_by == actor.person,
        Refund.currency == settings.current().currency,
        Refund.cash_closing_id.is_(None),
    )


def list_closings(session: Session, _actor: Actor, query: ListCashClosings) -> Page:
    """List closings, newest first, of all persons or of one."""
    statement = select(CashClosing)
    if query.person_id is not None:
        statement = statement.where(CashClosing.person_id == query.person_id)
    key = (CashClosing.closed_at, CashClosing.id)
    return page(session, statement, key, limit=query.limit, cursor=query.cursor, whole=True)
