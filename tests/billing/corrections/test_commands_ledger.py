"""Invoices and their ledger agree, whatever is corrected, paid and paid back."""

from collections import Counter
from contextlib import suppress
from typing import NamedTuple

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict
from chassis.persistence.database import Session
from contracts.billing.corrections import DiscountInvoice, VoidInvoice, WriteOffInvoice
from contracts.billing.invoices import InvoiceStatus
from contracts.billing.refunds import RefundStatus
from services.billing import rules
from services.billing.corrections import commands
from services.billing.invoices import ledger, queries
from services.billing.models.invoices import Invoice
from services.billing.models.ledger import LedgerEntry, LedgerKind
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from tests.billing.factories import ADMIN, bill_of, pay, press


class Step(NamedTuple):
    """A change of an invoice; the amount is in minor units, or a percentage."""

    kind: str
    amount: int


LINES = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 20_000), st.just(0), st.sampled_from([0, 700, 750, 1900, 10_000])),
    min_size=1,
    max_size=4,
)
KINDS = st.sampled_from(["pay", "discount", "percent", "write_off", "refund", "refund_owed", "void"])
STEPS = st.lists(st.builds(Step, KINDS, st.integers(1, 9_000)), max_size=8)


def perform(session: Session, bill: Invoice, step: Step) -> None:
    """Perform a step. A refusal leaves the invoice as it was."""
    facts = {"invoice_id": bill.id, "reason": "A reason."}
    if step.kind == "pay":
        press(session, pay(session, bill, step.amount))
    elif step.kind == "discount":
        commands.discount(session, ADMIN, DiscountInvoice(amount=step.amount, **facts))
    elif step.kind == "percent":
        commands.discount(session, ADMIN, DiscountInvoice(percent=1 + step.amount % 100, **facts))
    elif step.kind == "write_off":
        commands.write_off(session, ADMIN, WriteOffInvoice(amount=step.amount, **facts))
    elif step.kind == "void":
        commands.void(session, ADMIN, VoidInvoice(**facts))
    else:
        pay_back(session, bill, step)


def pay_back(session: Session, bill: Invoice, step: Step) -> None:
    """Record a completed refund of at most the money that the hospital kept of a payment."""
    payment = session.scalars(select(Payment).where(Payment.invoice_id == bill.id, Payment.status == "succeeded"))
    found = next((one for one in payment if one.refunding_minor < one.amount_minor), None)
    if found is None:
        return
    amount = min(step.amount, found.amount_minor - found.refunding_minor)
    found.refunding_minor += amount
    refund = Refund(
        id=uuid7(),
        payment_id=found.id,
        invoice_id=bill.id,
        patient_id=bill.patient_id,
        amount_minor=amount,
        currency=bill.currency,
        still_owed=step.kind == "refund_owed",
        reason="A reason.",
        status=RefundStatus.COMPLETED,
        requested_by=uuid7(),
        requested_at=clock.now(),
        finished_at=clock.now(),
    )
    session.add(refund)
    session.flush()
    ledger.refund(session, bill, refund)


def entries_of(session: Session, bill: Invoice) -> Counter[str]:
    """Return the sums of the ledger by kind."""
    sums: Counter[str] = Counter()
    for entry in session.scalars(select(LedgerEntry).where(LedgerEntry.invoice_id == bill.id)):
        sums[entry.kind] += entry.amount_minor
    return sums


@given(lines=LINES, steps=STEPS, currency=st.sampled_from(["JPY", "KWD", "EUR"]), discounts=st.integers(0, 100))
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_invoice_and_ledger_agree_after_corrections_in_any_order(
    session: Session, lines: list[tuple[int, int, int, int]], steps: list[Step], currency: str, discounts: int
) -> None:
    lowered = [(number, price, number * price * discounts // 100, tax) for number, price, _none, tax in lines]
    bill = bill_of(session, *lowered, currency=currency)
    for step in steps:
        with suppress(Conflict):
            perform(session, bill, step)
    view = queries.view_of(session, bill)
    assert sum(line.amount_minor for line in view.lines) == view.total_minor
    check(session, bill)


def check(session: Session, bill: Invoice) -> None:
    """Check sums, open amount and status of an invoice, and its credit notes."""
    view, sums = queries.view_of(session, bill), entries_of(session, bill)
    assert view.total_minor == sums[LedgerKind.CHARGE]
    named = {kind: getattr(bill.balance, name) for kind, name in ledger.SUMS.items()}
    assert named == {kind: sums[kind] for kind in ledger.SUMS}
    assert bill.balance.open_minor >= 0 or bill.undone_at is not None
    assert view.status == rules.status_of(bill.issued_at, bill.balance, bill.undone_at)
    assert (view.open_minor > 0) == (view.status in {InvoiceStatus.ISSUED, InvoiceStatus.PART_PAID})
    notes = session.scalars(select(Invoice).where(Invoice.corrects_id == bill.id)).all()
    totals = [queries.view_of(session, note).total_minor for note in notes]
    assert (-sum(totals), {note.currency for note in notes} - {bill.currency}) == (view.discounted_minor, set())
