"""Print invoices. The paper is typeset outside the transaction, and each print is recorded."""

import base64
from io import BytesIO
from typing import NamedTuple
from uuid import UUID

import segno
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
from services.billing.papers.invoices import Content, Link, Printed, content_of, on_paper
from services.billing.papers.typesetter import typeset
from services.billing.pay_links import commands as pay_links
from services.billing.pay_links.commands import NewLink
from services.billing.providers import registry

QUIET = 4
"""The empty border of a QR code in modules, as ISO/IEC 18004 requires."""


class DeskPrint(NamedTuple):
    """The content of a paper for the desk, and the link to pay that is printed on it."""

    content: Content
    link: NewLink | None


def prepare_own(session: Session, actor: Actor, query: PrintMyInvoice) -> Content:
    """Return the content of the patient's own invoice."""
    actor.may_act_for(query.patient_id)
    invoice = session.get(Invoice, query.invoice_id)
    if invoice is None or invoice.patient_id != query.patient_id:
        raise NO_SUCH_INVOICE()
    return _content(session, invoice)


def prepare(session: Session, _actor: Actor, query: PrintInvoice) -> DeskPrint:
    """Return the content of any invoice. An unpaid one gets a link to pay, if a payment provider is configured."""
    invoice = session.get(Invoice, query.invoice_id)
    if invoice is None:
        raise NO_SUCH_INVOICE()
    content = _content(session, invoice)
    if invoice.balance.open_minor <= 0 or not registry.all_offered():
        return DeskPrint(content, None)
    link = pay_links.new_link()
    return DeskPrint({**content, "link": _code_of(link)}, link)


def _code_of(link: NewLink) -> Link:
    """Return a link as it is printed, with its QR code as SVG."""
    image = BytesIO()
    segno.make(link.url, error="m", micro=False).save(image, kind="svg", border=QUIET)
    return {"url": link.url, "code": image.getvalue().decode(), "until": on_paper(link.expires_at)}


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


def render_own(content: Content, _query: PrintMyInvoice) -> bytes:
    """Return the paper as PDF."""
    return typeset("invoice", content)


def render(desk: DeskPrint, _query: PrintInvoice) -> bytes:
    """Return the desk's paper as PDF."""
    return typeset("invoice", desk.content)


def finish_own(session: Session, _actor: Actor, content: Content, paper: bytes, query: PrintMyInvoice) -> PaperView:
    """Return the paper. The audit names the invoice."""
    session.note(record_id=query.invoice_id)
    return paper_view(PaperType.PDF, content["title"], paper)


def finish(session: Session, actor: Actor, desk: DeskPrint, paper: bytes, query: PrintInvoice) -> PaperView:
    """Store the printed link, and return the paper. The audit names the invoice."""
    if desk.link is not None:
        pay_links.store(session, actor, query.invoice_id, desk.link, is_printed=True)
    session.note(record_id=query.invoice_id)
    return paper_view(PaperType.PDF, desk.content["title"], paper)


def paper_view(media_type: PaperType, title: str, content: bytes) -> PaperView:
    """Return a file whose name is made from its title, which has no name of a person."""
    ending = media_type.partition("/")[2]
    name = f"{title.lower().replace(' ', '-')}.{ending}"
    return PaperView(media_type=media_type, name=name, content=base64.b64encode(content).decode())
