"""Invoices of undone completions, with the events in every order."""

from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from chassis.persistence.database import Database, Session
from contracts.billing.invoices import InvoiceIssued, InvoiceVoided, ListInvoices, RefundDue
from contracts.billing.payments import PaymentReceived
from contracts.scheduling.appointments.events import VisitCompleted
from services.billing.invoices import queries
from services.billing.invoices.handlers import on_visit_completed
from services.billing.models.invoices import Invoice
from services.billing.models.ledger import LedgerEntry, LedgerKind
from tests.billing.factories import (
    ADMIN,
    VISITED_AT,
    approve,
    heard,
    invoice,
    pay,
    press,
    price,
    published,
    together,
    undo,
    view_of,
    visit,
)
from tests.events import example_of

COMPLETED, UNDONE, AGAIN = 4, 5, 7
"""Revisions of a visit."""


def listed(session: Session, **asked: Any) -> list[UUID]:
    """Return the ids of the invoices that an admin sees."""
    given = {"patient_id": None, "needs_refund": True, "limit": 100, "cursor": None, **asked}
    return [view.id for view in queries.list_all(session, ADMIN, ListInvoices(**given)).items]


def charged(session: Session, appointment_id: UUID) -> list[tuple[int, bool]]:
    """Return the revision of each invoice of a visit, and whether it is still owed."""
    query = select(Invoice.visit_revision, Invoice.undone_at.is_(None)).where(Invoice.appointment_id == appointment_id)
    return [tuple(row) for row in session.execute(query.order_by(Invoice.visit_revision))]


def test_unpaid_invoice_is_void_when_its_visit_is_undone(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    undo(session, bill.appointment_id)
    shown = view_of(session, bill)
    assert (shown.status, shown.total_minor, shown.refund_minor) == ("void", 8000, 0)
    assert view_of(session, bill).open_minor == 0
    [data] = published(session, InvoiceVoided)
    assert (data["invoice_id"], data["patient_id"], data["amount_minor"]) == (bill.id, bill.patient_id, 8000)
    assert bill.id not in listed(session)


def test_void_invoice_takes_no_payment(session: Session) -> None:
    bill = invoice(session)
    undo(session, bill.appointment_id)
    with pytest.raises(Conflict) as refused:
        pay(session, bill)
    assert refused.value.code == "nothing_to_pay"


def test_draft_is_void_and_never_issued_when_its_visit_is_undone(session: Session) -> None:
    doctor_id = uuid7()
    bill = visit(session, doctor_id=doctor_id)
    undo(session, bill.appointment_id)
    approve(session, doctor_id, str(doctor_id))
    price(session, code=f"consultation:{doctor_id}")
    assert (view_of(session, bill).status, bill.number) == ("void", None)
    assert not published(session, InvoiceIssued) + published(session, InvoiceVoided)


@pytest.mark.parametrize(("amount", "status"), [(8000, "paid"), (3000, "part_paid")])
def test_paid_invoice_is_listed_for_a_refund_when_its_visit_is_undone(
    session: Session, amount: int, status: str
) -> None:
    bill = invoice(session, amount_minor=8000)
    press(session, pay(session, bill, amount))
    undo(session, bill.appointment_id)
    shown = view_of(session, bill)
    assert (shown.status, shown.paid_minor, shown.refund_minor) == (status, amount, amount)
    assert bill.id in listed(session)
    assert [data["amount_minor"] for data in published(session, RefundDue)] == [amount]
    assert not published(session, InvoiceVoided)
    with pytest.raises(Conflict):
        pay(session, bill)


def test_money_for_a_void_invoice_is_credited_and_listed_for_a_refund(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    checkouts = [pay(session, bill), pay(session, bill, 1000)]
    undo(session, bill.appointment_id)
    assert [press(session, one).status for one in checkouts] == ["succeeded"] * 2
    shown = view_of(session, bill)
    assert (shown.status, shown.paid_minor, shown.refund_minor) == ("paid", 9000, 9000)
    assert bill.id in listed(session)
    assert [data["amount_minor"] for data in published(session, PaymentReceived)] == [8000, 1000]
    assert [data["amount_minor"] for data in published(session, RefundDue)] == [8000, 9000]


def test_undoing_twice_voids_once(session: Session) -> None:
    bill = invoice(session)
    for _ in range(2):
        undo(session, bill.appointment_id)
    assert len(published(session, InvoiceVoided)) == 1
    reversals = select(func.count()).where(LedgerEntry.invoice_id == bill.id, LedgerEntry.kind == LedgerKind.REVERSAL)
    assert session.scalar(reversals) == 1


def test_older_undoing_leaves_a_newer_invoice(session: Session) -> None:
    bill = visit(session, revision=AGAIN)
    undo(session, bill.appointment_id)
    assert charged(session, bill.appointment_id) == [(AGAIN, True)]


def test_invoice_without_a_revision_is_voided_and_replaced_once(session: Session) -> None:
    bill = visit(session, revision=0)
    appointment_id = visit(session, appointment_id=bill.appointment_id).appointment_id
    assert charged(session, appointment_id) == [(0, True)]
    undo(session, appointment_id)
    complete(session, appointment_id, AGAIN)
    assert charged(session, appointment_id) == [(0, False), (AGAIN, True)]


def complete(session: Session, appointment_id: UUID, revision: int) -> None:
    """Handle a completion of a visit."""
    ids = {"appointment_id": appointment_id, "doctor_id": uuid7(), "patient_id": uuid7()}
    on_visit_completed(
        session, heard(session), example_of(VisitCompleted, **ids, starts_at=VISITED_AT, revision=revision)
    )
    session.flush()


@pytest.mark.parametrize("order", list(permutations((COMPLETED, UNDONE, AGAIN))))
def test_visit_completed_again_is_owed_once_in_any_order(session: Session, order: tuple[int, ...]) -> None:
    appointment_id = uuid7()
    for revision in (*order, *order):
        (undo if revision == UNDONE else complete)(session, appointment_id, revision)
    found = charged(session, appointment_id)
    assert [one for one in found if one[1]] == [(AGAIN, True)]
    assert set(found) <= {(COMPLETED, False), (AGAIN, True)}


@pytest.mark.parametrize("order", [(COMPLETED, UNDONE), (UNDONE, COMPLETED)])
def test_undone_visit_is_never_owed_in_any_order(session: Session, order: tuple[int, ...]) -> None:
    appointment_id = uuid7()
    for revision in order:
        (undo if revision == UNDONE else complete)(session, appointment_id, revision)
    assert [one for one in charged(session, appointment_id) if one[1]] == []


# --- concurrent, on a database that commits ----------------------------------------------------------------------


def test_concurrent_payment_and_undoing_lose_no_money(fresh: Database) -> None:
    with fresh.begin() as session:
        bills = [invoice(session) for _number in range(12)]
        works = [("pay", pay(session, bill).reference) for bill in bills]
        works += [("undo", str(bill.appointment_id)) for bill in bills]

    def work(of: tuple[str, str]) -> None:
        with fresh.begin() as session:
            if of[0] == "pay":
                press(session, of[1])
            else:
                undo(session, UUID(of[1]))

    together(work, sorted(works, key=lambda one: one[1][::-1]))
    with fresh.begin() as session:
        shown = [view_of(session, bill) for bill in bills]
        assert sorted(listed(session)) == sorted(bill.id for bill in bills)
    assert {(one.status, one.paid_minor, one.refund_minor) for one in shown} == {("paid", 8000, 8000)}


def test_concurrent_completion_and_undoing_leave_nothing_owed(fresh: Database) -> None:
    ids = [uuid7() for _number in range(12)]
    works = [(revision, one) for one in ids for revision in (COMPLETED, UNDONE)]

    def work(of: tuple[int, UUID]) -> None:
        with fresh.begin() as session:
            (undo if of[0] == UNDONE else complete)(session, of[1], of[0])

    together(work, works)
    with fresh.begin() as session:
        assert [one for each in ids for one in charged(session, each) if one[1]] == []


def test_concurrent_price_and_undoing_leave_nothing_owed(fresh: Database) -> None:
    doctor_id = uuid7()
    with fresh.begin() as session:
        approve(session, doctor_id)
        drafts = [visit(session, doctor_id=doctor_id) for _number in range(8)]
    works = [None, *(draft.appointment_id for draft in drafts)]

    def work(appointment_id: UUID | None) -> None:
        with fresh.begin() as session:
            if appointment_id is None:
                price(session)
            else:
                undo(session, appointment_id)

    together(work, works[1:5] + works[:1] + works[5:])
    with fresh.begin() as session:
        assert {view_of(session, draft).status for draft in drafts} == {"void"}
        assert all(view_of(session, draft).open_minor == 0 for draft in drafts)
