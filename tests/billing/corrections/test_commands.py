"""Corrections of invoices: void, discount and write-off."""

from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Invalid, NotFound
from chassis.persistence.database import Session
from contracts.billing.corrections import DiscountInvoice, VoidInvoice, WriteOffInvoice
from contracts.billing.invoices import InvoiceView, InvoiceVoided, RefundDue
from services.billing.corrections import commands
from services.billing.models.invoices import Invoice
from services.billing.models.ledger import LedgerEntry, LedgerKind
from tests.billing.factories import ADMIN, approve, bill_of, invoice, pay, press, price, published, view_of, visit


def void(session: Session, bill: Invoice) -> InvoiceView:
    return commands.void(session, ADMIN, VoidInvoice(invoice_id=bill.id, reason="Wrong patient."))


def discount(session: Session, bill: Invoice, **fields: Any) -> InvoiceView:
    return commands.discount(session, ADMIN, DiscountInvoice(invoice_id=bill.id, reason="Hardship.", **fields))


def write_off(session: Session, bill: Invoice, amount: int | None = None) -> InvoiceView:
    return commands.write_off(session, ADMIN, WriteOffInvoice(invoice_id=bill.id, amount=amount, reason="Bankrupt."))


def entry(session: Session, bill: Invoice, kind: LedgerKind) -> LedgerEntry:
    """Return the only entry of a kind of an invoice."""
    query = select(LedgerEntry).where(LedgerEntry.invoice_id == bill.id, LedgerEntry.kind == kind)
    return session.scalars(query).one()


def note_of(session: Session, bill: Invoice) -> Invoice:
    """Return the only credit note of an invoice."""
    return session.scalars(select(Invoice).where(Invoice.corrects_id == bill.id)).one()


def test_void_invoice_reverses_its_charge(session: Session) -> None:
    bill = bill_of(session, (1, 8000, 0, 0))
    view = void(session, bill)
    assert (view.status, view.open_minor) == ("void", 0)
    reversal = entry(session, bill, LedgerKind.REVERSAL)
    assert (reversal.amount_minor, reversal.author_id, reversal.reason) == (8000, ADMIN.id, "Wrong patient.")
    assert [data["amount_minor"] for data in published(session, InvoiceVoided)] == [8000]


def test_void_draft_is_neither_issued_nor_published(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    draft = visit(session, doctor_id=doctor_id)
    assert void(session, draft).status == "void"
    price(session)
    assert (view_of(session, draft).number, published(session, InvoiceVoided)) == (None, [])


def test_void_is_refused_after_a_payment(session: Session) -> None:
    bill = invoice(session)
    press(session, pay(session, bill, 1))
    with pytest.raises(Conflict, match="invoice_has_payments"):
        void(session, bill)


def test_void_is_refused_twice(session: Session) -> None:
    bill = bill_of(session, (1, 8000, 0, 0))
    void(session, bill)
    with pytest.raises(Conflict, match="invoice_not_open"):
        void(session, bill)


def test_money_that_comes_after_the_void_is_listed_for_a_refund(session: Session) -> None:
    bill = invoice(session)
    payment = pay(session, bill)
    void(session, bill)
    press(session, payment)
    assert view_of(session, bill).refund_minor == 8000
    assert [data["amount_minor"] for data in published(session, RefundDue)] == [8000]


def test_discount_of_an_issued_invoice_is_a_numbered_credit_note(session: Session) -> None:
    bill = bill_of(session, (1, 1000, 0, 700), (2, 1000, 0, 1900))
    view = discount(session, bill, amount=300)
    note = view_of(session, note_of(session, bill))
    assert [(line.unit_price_minor, line.tax_minor) for line in note.lines] == [(-100, -7), (-200, -38)]
    assert (note.number, note.status, note.total_minor, note.open_minor) == ((bill.number or 0) + 1, "issued", -345, 0)
    assert (view.total_minor, view.discounted_minor, view.open_minor) == (3450, 345, 3105)


def test_discount_entry_of_the_ledger_names_credit_note_and_admin(session: Session) -> None:
    bill = bill_of(session, (1, 1000, 0, 0))
    discount(session, bill, percent=10)
    made = entry(session, bill, LedgerKind.DISCOUNT)
    assert (made.amount_minor, made.credit_note_id) == (100, note_of(session, bill).id)
    assert (made.author_id, made.reason) == (ADMIN.id, "Hardship.")


def test_second_discount_counts_only_what_is_still_charged(session: Session) -> None:
    bill = bill_of(session, (1, 1000, 0, 0))
    discount(session, bill, percent=50)
    assert discount(session, bill, percent=50).open_minor == 250


def test_whole_discount_leaves_a_paid_invoice(session: Session) -> None:
    view = discount(session, bill_of(session, (3, 333, 0, 1900)), percent=100)
    assert (view.status, view.open_minor) == ("paid", 0)


def test_discount_with_tax_of_more_than_the_open_amount_is_refused(session: Session) -> None:
    bill = invoice(session)
    press(session, pay(session, bill, 7000))
    with pytest.raises(Conflict, match="more_than_open") as refused:
        discount(session, bill, amount=1001)
    assert refused.value.facts["open_minor"] == 1000


def test_discount_of_a_paid_invoice_is_refused(session: Session) -> None:
    bill = invoice(session)
    press(session, pay(session, bill))
    with pytest.raises(Conflict, match="more_than_open"):
        discount(session, bill, amount=1)


def test_discount_below_a_minor_unit_is_refused(session: Session) -> None:
    with pytest.raises(Conflict, match="nothing_to_discount"):
        discount(session, bill_of(session, (1, 10, 0, 0)), percent=1)


def test_discount_is_refused_while_a_line_is_held(session: Session) -> None:
    with pytest.raises(Conflict, match="line_held"):
        discount(session, visit(session), percent=10)


@pytest.mark.parametrize("fields", [{}, {"amount": 1, "percent": 1}])
def test_discount_names_either_an_amount_or_a_percentage(fields: dict[str, int]) -> None:
    with pytest.raises(Invalid):
        DiscountInvoice.read({"invoice_id": str(uuid7()), "reason": "Hardship.", **fields})


def test_write_off_takes_the_open_amount_by_default(session: Session) -> None:
    bill = invoice(session)
    press(session, pay(session, bill, 3000))
    view = write_off(session, bill)
    assert (view.status, view.open_minor, view.written_off_minor) == ("written_off", 0, 5000)
    made = entry(session, bill, LedgerKind.WRITE_OFF)
    assert (made.amount_minor, made.author_id, made.reason) == (5000, ADMIN.id, "Bankrupt.")


def test_partial_write_off_leaves_the_rest_open(session: Session) -> None:
    view = write_off(session, bill_of(session, (1, 8000, 0, 0)), 3000)
    assert (view.status, view.open_minor) == ("issued", 5000)


def test_write_off_of_more_than_the_open_amount_is_refused(session: Session) -> None:
    with pytest.raises(Conflict, match="more_than_open"):
        write_off(session, bill_of(session, (1, 8000, 0, 0)), 8001)


def test_write_off_is_refused_for_a_draft(session: Session) -> None:
    with pytest.raises(Conflict, match="invoice_not_open"):
        write_off(session, visit(session))


@pytest.mark.parametrize("correct", [void, write_off, lambda session, note: discount(session, note, percent=1)])
def test_credit_note_cannot_be_corrected(session: Session, correct: Any) -> None:
    bill = bill_of(session, (1, 8000, 0, 0))
    discount(session, bill, percent=10)
    with pytest.raises(Conflict, match="not_an_invoice"):
        correct(session, note_of(session, bill))


def test_credit_note_cannot_be_paid(session: Session) -> None:
    bill = bill_of(session, (1, 8000, 0, 0))
    discount(session, bill, percent=10)
    with pytest.raises(Conflict, match="nothing_to_pay"):
        pay(session, note_of(session, bill))


def test_correction_of_an_unknown_invoice_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        commands.void(session, ADMIN, VoidInvoice(invoice_id=uuid7(), reason="Unknown."))
