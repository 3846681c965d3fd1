"""The list of refunds."""

from datetime import timedelta

from uuid_utils.compat import uuid7

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.refunds import ListRefunds, RefundStatus
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.refunds import queries
from tests.billing.factories import ADMIN, VISITED_AT, invoice, pay, press


def asked(session: Session, payment: Payment, hours: int, status: RefundStatus) -> Refund:
    """Add a refund of 10.00 that was requested these hours after the visit."""
    refund = Refund(
        payment_id=payment.id,
        invoice_id=payment.invoice_id,
        patient_id=payment.patient_id,
        amount_minor=1000,
        currency=payment.currency,
        still_owed=False,
        reason="Paid twice.",
        status=status,
        requested_by=uuid7(),
        requested_at=VISITED_AT + timedelta(hours=hours),
    )
    session.add(refund)
    return refund


def listed(session: Session, actor: Actor = ADMIN, status: RefundStatus | None = None) -> list[Refund]:
    session.flush()
    found: list[Refund] = queries.list_all(session, actor, ListRefunds(status=status, limit=20, cursor=None)).items
    return found


def test_refunds_are_listed_newest_first(session: Session) -> None:
    payment = press(session, pay(session, invoice(session)))
    older = asked(session, payment, 1, RefundStatus.REJECTED)
    newer = asked(session, payment, 2, RefundStatus.REQUESTED)
    assert [each.id for each in listed(session)] == [newer.id, older.id]


def test_refunds_are_listed_by_state(session: Session) -> None:
    payment = press(session, pay(session, invoice(session)))
    asked(session, payment, 1, RefundStatus.REJECTED)
    waiting = asked(session, payment, 2, RefundStatus.REQUESTED)
    assert [each.id for each in listed(session, status=RefundStatus.REQUESTED)] == [waiting.id]
