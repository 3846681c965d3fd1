"""The ledger: charges, credits and reversals of invoices. Callers that decide by a balance lock the invoice first."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Label, cast, func, select

from chassis.persistence.database import Session
from contracts.billing.invoices import NO_SUCH_INVOICE, RefundDue
from services.billing.models.invoices import Invoice, LedgerEntry, LedgerKind
from services.billing.models.payments import Payment
from services.billing.rules import Balance


def _sum_of(kind: LedgerKind) -> Label[int]:
    """Return a column with the sum of the entries of a kind, for the invoice of the query around it."""
    total = cast(func.coalesce(func.sum(LedgerEntry.amount_minor), 0), BigInteger)
    entries = select(total).where(LedgerEntry.invoice_id == Invoice.id, LedgerEntry.kind == kind)
    return entries.correlate(Invoice).scalar_subquery().label(f"{kind}s")


BALANCE = (_sum_of(LedgerKind.CHARGE), _sum_of(LedgerKind.CREDIT), _sum_of(LedgerKind.REVERSAL))
"""The columns of a balance: `charges`, `credits` and `reversals`."""


def lock_invoice(session: Session, invoice_id: UUID) -> Invoice:
    """Lock and return the invoice, so that no other payment is credited at the same time."""
    invoice = session.get(Invoice, invoice_id, with_for_update=True)
    if invoice is None:
        raise NO_SUCH_INVOICE()
    return invoice


def balance_of(session: Session, invoice_id: UUID) -> Balance:
    """Return the balance of an invoice."""
    return Balance(*session.execute(select(*BALANCE).where(Invoice.id == invoice_id)).one())


def charge(session: Session, invoice: Invoice, amount_minor: int) -> None:
    """Charge the total of an issued invoice."""
    session.add(_entry(invoice, LedgerKind.CHARGE, amount_minor, at=invoice.issued_at))


def reverse(session: Session, invoice: Invoice, amount_minor: int) -> None:
    """Take the charge of an undone invoice back."""
    session.add(_entry(invoice, LedgerKind.REVERSAL, amount_minor, at=invoice.undone_at))


def credit(session: Session, invoice: Invoice, payment: Payment) -> None:
    """Credit a successful payment."""
    entry = _entry(invoice, LedgerKind.CREDIT, payment.amount_minor, at=payment.finished_at)
    entry.payment_id = payment.id
    session.add(entry)


def _entry(invoice: Invoice, kind: LedgerKind, amount_minor: int, at: datetime | None) -> LedgerEntry:
    return LedgerEntry(invoice_id=invoice.id, kind=kind, amount_minor=amount_minor, currency=invoice.currency, at=at)


def owe_refund(session: Session, invoice: Invoice) -> None:
    """Publish that everything paid for an undone invoice must be paid back."""
    session.flush()
    amount = balance_of(session, invoice.id).refund_minor
    event = RefundDue(
        invoice_id=invoice.id, patient_id=invoice.patient_id, amount_minor=amount, currency=invoice.currency
    )
    session.publish(event)
