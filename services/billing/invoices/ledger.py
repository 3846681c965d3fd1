"""The ledger: every change of what an invoice is owed, and of the money for it.

Callers lock the invoice first. The sums of the invoice change with each entry, in the same transaction.
"""

from uuid import UUID

from sqlalchemy import select, update

from chassis.persistence.database import Session
from contracts.billing.invoices import NO_SUCH_INVOICE, RefundDue
from services.billing import rules
from services.billing.models.invoices import Invoice
from services.billing.models.ledger import LedgerEntry, LedgerKind
from services.billing.models.pay_links import PayLink
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund

SUMS = {
    LedgerKind.CHARGE: "charged",
    LedgerKind.CREDIT: "credited",
    LedgerKind.REVERSAL: "reversed",
    LedgerKind.DISCOUNT: "discounted",
    LedgerKind.WRITE_OFF: "written_off",
    LedgerKind.REFUND: "refunded",
    LedgerKind.RETURN: "returned",
}
"""The sum of a `Balance` that each kind of entry adds to."""


def lock_invoice(session: Session, invoice_id: UUID) -> Invoice:
    """Lock and return the invoice as it is now, so that nothing else changes its ledger at the same time."""
    query = select(Invoice).where(Invoice.id == invoice_id).with_for_update()
    invoice = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if invoice is None:
        raise NO_SUCH_INVOICE()
    return invoice


def charge(session: Session, invoice: Invoice, amount_minor: int) -> None:
    """Charge the total of an issued invoice."""
    record(session, invoice, LedgerEntry(kind=LedgerKind.CHARGE, amount_minor=amount_minor, at=invoice.issued_at))


def reverse(session: Session, invoice: Invoice, author_id: UUID | None = None, reason: str | None = None) -> None:
    """Take the rest of the charge of an undone or void invoice back. An event has no author."""
    entry = LedgerEntry(kind=LedgerKind.REVERSAL, amount_minor=invoice.balance.owed_minor, at=invoice.undone_at)
    entry.author_id, entry.reason = author_id, reason
    record(session, invoice, entry)


def discount(session: Session, invoice: Invoice, note: Invoice, author_id: UUID) -> None:
    """Take the amount of a credit note, whose lines are negative, back from the charge."""
    entry = LedgerEntry(kind=LedgerKind.DISCOUNT, amount_minor=-rules.total_of(note.lines), at=note.issued_at)
    entry.credit_note_id, entry.author_id, entry.reason = note.id, author_id, note.reason
    record(session, invoice, entry)


def credit(session: Session, invoice: Invoice, payment: Payment) -> None:
    """Credit a successful payment."""
    entry = LedgerEntry(kind=LedgerKind.CREDIT, amount_minor=payment.amount_minor, at=payment.finished_at)
    entry.payment_id = payment.id
    record(session, invoice, entry)
    if invoice.balance.open_minor <= 0:
        unused = (PayLink.invoice_id == invoice.id) & PayLink.used_at.is_(None)
        session.execute(update(PayLink).where(unused).values(used_at=payment.finished_at))


def refund(session: Session, invoice: Invoice, refund: Refund) -> None:
    """Record that money was paid back. Its charge is taken back too, unless the patient owes it again."""
    to_return = 0 if refund.still_owed else max(0, refund.amount_minor - invoice.balance.refund_minor)
    facts = {"refund_id": refund.id, "at": refund.finished_at, "author_id": refund.decided_by, "reason": refund.reason}
    if to_return:
        record(session, invoice, LedgerEntry(kind=LedgerKind.RETURN, amount_minor=to_return, **facts))
    record(session, invoice, LedgerEntry(kind=LedgerKind.REFUND, amount_minor=refund.amount_minor, **facts))


def record(session: Session, invoice: Invoice, entry: LedgerEntry) -> LedgerEntry:
    """Add an entry, and change the sums and the status of its invoice."""
    entry.invoice_id, entry.currency = invoice.id, invoice.currency
    session.add(entry)
    sums, name = invoice.balance, SUMS[LedgerKind(entry.kind)]
    invoice.book(sums._replace(**{name: getattr(sums, name) + entry.amount_minor}))
    return entry


def owe_refund(session: Session, invoice: Invoice) -> None:
    """Publish that everything paid for an undone invoice must be paid back."""
    amount, currency = invoice.balance.refund_minor, invoice.currency
    event = RefundDue(invoice_id=invoice.id, patient_id=invoice.patient_id, amount_minor=amount, currency=currency)
    session.publish(event)
