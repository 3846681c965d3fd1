"""Payments at the desk."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, NotFound
from chassis.persistence.database import Database, Session
from contracts.billing.payments import DeskMethod, ListPatientPayments, PaymentReceived, TakePayment
from services.billing.models.ledger import LedgerEntry, LedgerKind
from services.billing.models.payments import Payment
from services.billing.payments import desk, queries
from services.billing.service import BillingService
from tests.billing.factories import host, invoice, pay, press, published, together, view_of, visit
from tests.billing.refund_factories import DESK, decide, entries_of, request, take


@pytest.mark.parametrize("method", DeskMethod)
def test_desk_payment_succeeds_at_once(session: Session, method: DeskMethod) -> None:
    bill = invoice(session, amount_minor=8000)
    payment = take(session, bill, method=method)
    assert (payment.status, payment.provider, payment.taken_by) == ("succeeded", method, DESK.id)
    assert (view_of(session, bill).status, entries_of(session, payment)) == ("paid", {"charge": 8000, "credit": 8000})


def test_desk_payment_is_published(session: Session) -> None:
    payment = take(session, invoice(session, amount_minor=8000), 3000)
    assert [(data["payment_id"], data["amount_minor"]) for data in published(session, PaymentReceived)] == [
        (payment.id, 3000)
    ]


def test_desk_takes_the_open_rest_by_default(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    take(session, bill, 3000)
    assert take(session, bill).amount_minor == 5000


def test_desk_takes_no_more_than_is_open(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    with pytest.raises(Conflict, match="more_than_open"):
        take(session, bill, 8001)
    assert view_of(session, bill).paid_minor == 0


def test_desk_takes_nothing_for_a_draft(session: Session) -> None:
    draft = visit(session)
    with pytest.raises(Conflict, match="nothing_to_pay"):
        take(session, draft)
    assert view_of(session, draft).status == "draft"


def test_desk_takes_nothing_for_a_paid_invoice(session: Session) -> None:
    bill = invoice(session)
    press(session, pay(session, bill))
    with pytest.raises(Conflict, match="nothing_to_pay"):
        take(session, bill)
    assert view_of(session, bill).paid_minor == 8000


def test_unknown_invoice_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        desk.take(session, DESK, TakePayment(invoice_id=uuid7(), by=DeskMethod.CASH))


@pytest.mark.parametrize("method", DeskMethod)
def test_refund_at_the_desk_completes_at_once(session: Session, method: DeskMethod) -> None:
    payment = take(session, invoice(session), method=method)
    assert decide(session, request(session, payment)).status == "completed"


def test_desk_lists_the_payments_of_a_patient(session: Session) -> None:
    payment = take(session, invoice(session))
    take(session, invoice(session))
    query = ListPatientPayments(patient_id=payment.patient_id, limit=20, cursor=None)
    assert [each.id for each in queries.list_of_patient(session, DESK, query).items] == [payment.id]


# --- concurrent, on a database that commits ----------------------------------------------------------------------


@pytest.fixture
def bill_id(fresh: Database) -> UUID:
    """Return a committed invoice over 80.00."""
    with fresh.begin() as session:
        return invoice(session, amount_minor=8000).id


def take_in_service(database: Database, bill_id: UUID, key: str, amount: int | None = None) -> str:
    order: dict[str, Any] = {"invoice_id": str(bill_id), "method": "cash", **({"amount": amount} if amount else {})}
    try:
        return str(BillingService.take_payment(host(database, DESK, key), **order)["status"])
    except Conflict as refused:
        return refused.code


def credits_of(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(LedgerEntry.kind == LedgerKind.CREDIT)) or 0


def test_concurrent_desk_payments_take_no_more_than_is_open(fresh: Database, bill_id: UUID) -> None:
    answers = together(lambda number: take_in_service(fresh, bill_id, f"key {number}", 3000), range(20))
    assert sorted(answers) == ["more_than_open"] * 18 + ["succeeded"] * 2
    assert credits_of(fresh) == 2


def test_repeated_desk_payment_is_taken_once(fresh: Database, bill_id: UUID) -> None:
    assert [take_in_service(fresh, bill_id, "key") for _time in range(2)] == ["succeeded"] * 2
    with fresh.read() as session:
        assert session.scalar(select(func.count()).select_from(Payment)) == 1
