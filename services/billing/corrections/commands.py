"""Void, discount and write off invoices. Each use case locks the invoice, and changes amounts only by the ledger."""

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.corrections import (
    INVOICE_HAS_PAYMENTS,
    INVOICE_NOT_OPEN,
    NOT_AN_INVOICE,
    NOTHING_TO_DISCOUNT,
    DiscountInvoice,
    VoidInvoice,
    WriteOffInvoice,
)
from contracts.billing.invoices import LINE_HELD, InvoiceStatus, InvoiceView, InvoiceVoided
from contracts.billing.payments import MORE_THAN_OPEN
from services.billing.corrections import credit_notes
from services.billing.corrections.discounts import Charge, Share, percentage_of, shares_of
from services.billing.invoices import ledger, queries
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.models.ledger import LedgerEntry, LedgerKind

OPEN = frozenset({InvoiceStatus.ISSUED, InvoiceStatus.PART_PAID})


def void(session: Session, actor: Actor, command: VoidInvoice) -> InvoiceView:
    """Take the charge of an invoice without payments back. Money that comes later must be paid back."""
    invoice = _locked(session, command)
    if invoice.balance.credited:
        raise INVOICE_HAS_PAYMENTS()
    if invoice.status not in {InvoiceStatus.DRAFT, InvoiceStatus.ISSUED}:
        raise INVOICE_NOT_OPEN(status=invoice.status)
    amount, was_issued = invoice.balance.owed_minor, invoice.issued_at is not None
    invoice.void(clock.now(), command.reason)
    if was_issued:
        ledger.reverse(session, invoice, actor.person, command.reason)
        event = InvoiceVoided(
            invoice_id=invoice.id, patient_id=invoice.patient_id, amount_minor=amount, currency=invoice.currency
        )
        session.publish(event)
    return queries.view_of(session, invoice)


def write_off(session: Session, actor: Actor, command: WriteOffInvoice) -> InvoiceView:
    """Give up a part of the open amount, or all of it."""
    invoice = _locked(session, command)
    if invoice.status not in OPEN:
        raise INVOICE_NOT_OPEN(status=invoice.status)
    amount = command.amount or invoice.balance.open_minor
    if amount > invoice.balance.open_minor:
        raise MORE_THAN_OPEN(open_minor=invoice.balance.open_minor)
    entry = LedgerEntry(kind=LedgerKind.WRITE_OFF, amount_minor=amount, at=clock.now())
    entry.author_id, entry.reason = actor.person, command.reason
    ledger.record(session, invoice, entry)
    return queries.view_of(session, invoice)


def discount(session: Session, actor: Actor, command: DiscountInvoice) -> InvoiceView:
    """Lower the lines of a draft, or correct an issued invoice by a credit note."""
    invoice = _locked(session, command)
    lines = queries.lines_of(session, invoice)
    if any(line.is_held for line in lines):
        raise LINE_HELD()
    charges = credit_notes.charges_of(session, lines)
    shares = _shares(invoice, charges, command)
    if invoice.status == InvoiceStatus.DRAFT:
        _lower(lines, shares)
    else:
        note = credit_notes.issue(session, invoice, command.reason, list(zip(lines, shares, strict=True)))
        ledger.discount(session, invoice, note, actor.person)
    return queries.view_of(session, invoice)


def _lower(lines: list[InvoiceLine], shares: list[Share]) -> None:
    """Lower the lines of a draft, which no person has to pay yet."""
    for line, share in zip(lines, shares, strict=True):
        line.discount(share.net_minor)


def _shares(invoice: Invoice, charges: list[Charge], command: DiscountInvoice) -> list[Share]:
    """Return the share of each line in the discount. Together with its tax it fits into the open amount."""
    whole, limit = sum(charge.net_minor for charge in charges), _limit_of(invoice, charges)
    amount = percentage_of(whole, command.percent) if command.percent is not None else command.amount or 0
    if limit <= 0 or amount > whole:
        raise MORE_THAN_OPEN(open_minor=limit)
    if not amount:
        raise NOTHING_TO_DISCOUNT()
    shares = shares_of(amount, charges)
    if sum(share.amount_minor for share in shares) > limit:
        raise MORE_THAN_OPEN(open_minor=limit)
    return shares


def _limit_of(invoice: Invoice, charges: list[Charge]) -> int:
    """Return the most that a discount with tax may be: the open amount, or the total of a draft."""
    if invoice.status == InvoiceStatus.DRAFT:
        return sum(charge.less(charge.net_minor).amount_minor for charge in charges)
    return max(0, invoice.balance.open_minor)


def _locked(session: Session, command: VoidInvoice | DiscountInvoice | WriteOffInvoice) -> Invoice:
    """Lock and return the invoice. A credit note cannot be corrected."""
    invoice = ledger.lock_invoice(session, command.invoice_id)
    if invoice.corrects_id is not None:
        raise NOT_AN_INVOICE()
    return invoice
