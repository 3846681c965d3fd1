"""Print invoices. The paper is typeset outside the transaction, and each print is recorded."""

import base64
from uuid import UUID

from sqlalchemy import ScalarResult, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.invoices import NO_SUCH_INVOICE
from contracts.billing.papers import NOT_ISSUED, PaperType, PaperView, PrintInvoice, PrintMyInvoice
from contracts.billing.payments import PaymentStatus
from contracts.billing.refunds import RefundStatus
from services.billing.models.directory import Patient
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.papers.invoices import Content, Printed, content_of
from services.billing.papers.typesetter import typeset


def prepare_own(session: Session, actor: Actor, query: PrintMyInvoice) -> Content:
    """Return the content of the patient's own invoice."""
    actor.may_act_for(query.patient_id)
    invoice = session.get(Invoice, query.invoice_id)
    if invoice is None or invoice.patient_id != query.patient_id:
        raise NO_SUCH_INVOICE()
    return _content(session, invoice)


def prepare(session: Session, _actor: Actor, query: PrintInvoice) -> Content:
    """Return the content of any invoice."""
    invoice = session.get(Invoice, query.invoice_id)
    if invoice is None:
        raise NO_SUCH_INVOICE()
    return _content(session, invoice)


def _content(session: Session, invoice: Invoice) -> Content:
    if invoice.number is None:
        raise NOT_ISSUED()
    lines = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.id)
    printed = Printed(
        invoice=invoice,
        lines=list(session.scalars(lines)),
        payments=list(_payments(session, invoice.id)),
        refunds=list(_refunds(session, invoice.id)),
        patient=session.get(Patient, invoice.patient_id),
        corrected_number=session.scalar(select(Invoice.number).where(Invoice.id == invoice.corrects_id)),
    )
    return content_of(printed)


def _payments(session: Session, invoice_id: UUID) -> ScalarResult[Payment]:
    done = (Payment.invoice_id == invoice_id) & (Payment.status == PaymentStatus.SUCCEEDED)
    return session.scalars(select(Payment).where(done))


def _refunds(session: Session, invoice_id: UUID) -> ScalarResult[Refund]:
    done = (Refund.invoice_id == invoice_id) & (Refund.status == RefundStatus.COMPLETED)
    return session.scalars(select(Refund).where(done))


def render(content: Content, _query: PrintInvoice | PrintMyInvoice) -> bytes:
    """Return the paper as PDF."""
    return typeset("invoice", content)


def finish(
    session: Session, _actor: Actor, content: Content, paper: bytes, query: PrintInvoice | PrintMyInvoice
) -> PaperView:
    """Return the paper. The audit names the invoice."""
    session.note(record_id=query.invoice_id)
    return paper_view(PaperType.PDF, content["title"], paper)


def paper_view(media_type: PaperType, title: str, content: bytes) -> PaperView:
    """Return a file whose name is made from its title, which has no name of a person."""
    ending = media_type.partition("/")[2]
    name = f"{title.lower().replace(' ', '-')}.{ending}"
    return PaperView(media_type=media_type, name=name, content=base64.b64encode(content).decode())
