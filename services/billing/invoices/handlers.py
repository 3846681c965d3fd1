"""Draft invoices for completed visits, and take invoices of undone completions back."""

from uuid import UUID

from sqlalchemy import Select, exists, or_, select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.billing.invoices import InvoiceVoided
from contracts.scheduling.appointments.events import VisitCompleted, VisitCompletionUndone
from services.billing import rules, settings
from services.billing.invoices import drafts, ledger
from services.billing.models.invoices import Invoice, InvoiceLine, UndoneVisit
from services.billing.prices import catalogue


def on_visit_completed(session: Session, _actor: Actor, event: VisitCompleted) -> None:
    """Invoice a completed visit once. Without a price the invoice stays a draft with a held line.

    An undone completion is not invoiced, whichever event arrives first.
    """
    catalogue.lock_for_reading(session)
    session.lock(_lock_of_visit(event.appointment_id))
    if session.scalar(_is_settled(event.appointment_id, event.revision)):
        return
    zone, specialization = config.current().hospital_timezone, catalogue.specialization_of(session, event.doctor_id)
    line = InvoiceLine(
        code=rules.consultation_code(specialization) if specialization is not None else None,
        name="Consultation",
        quantity=1,
        source_event=session.call.heard.event_id,
    )
    invoice = Invoice(
        id=uuid7(),
        patient_id=event.patient_id,
        appointment_id=event.appointment_id,
        visit_revision=event.revision,
        doctor_id=event.doctor_id,
        visit_on=rules.day_of(event.starts_at, zone),
        currency=settings.current().currency,
        created_at=clock.now(),
        lines=[line],
    )
    drafts.complete(session, [invoice])
    session.add(invoice)  # Added last, so that one INSERT writes the priced and numbered invoice.


def _is_settled(appointment_id: UUID, revision: int) -> Select[tuple[bool]]:
    """Select whether a completion of this revision is already invoiced or undone."""
    is_older = (Invoice.visit_revision == 0) & Invoice.undone_at.is_(None)
    invoiced = exists().where(
        Invoice.appointment_id == appointment_id, or_(Invoice.visit_revision == revision, is_older)
    )
    undone = exists().where(UndoneVisit.appointment_id == appointment_id, UndoneVisit.revision > revision)
    return select(or_(invoiced, undone))


def _lock_of_visit(appointment_id: UUID) -> int:
    """Return the advisory lock of a visit. Both handlers of a visit's completion hold it."""
    return appointment_id.int & 0x7FFF_FFFF_FFFF_FFFF


def on_visit_completion_undone(session: Session, _actor: Actor, event: VisitCompletionUndone) -> None:
    """Take the invoices of older revisions of the visit back, also those whose event arrives later."""
    session.lock(_lock_of_visit(event.appointment_id))
    facts = {"appointment_id": event.appointment_id, "revision": event.revision}
    keep(session, UndoneVisit, "appointment_id", "revision", **facts)
    older = (Invoice.appointment_id == event.appointment_id) & (Invoice.visit_revision < event.revision)
    invoiced = select(Invoice).where(older, Invoice.undone_at.is_(None)).order_by(Invoice.id).with_for_update()
    for invoice in session.scalars(invoiced).all():
        _take_back(session, invoice)


def _take_back(session: Session, invoice: Invoice) -> None:
    """Void an unpaid invoice, or list a paid invoice for a refund. Its row is locked, so its balance stays."""
    amount, was_issued = invoice.balance.owed_minor, invoice.issued_at is not None
    invoice.undo(clock.now())
    if not was_issued:
        return
    ledger.reverse(session, invoice)
    if invoice.balance.credited:
        ledger.owe_refund(session, invoice)
        return
    event = InvoiceVoided(
        invoice_id=invoice.id, patient_id=invoice.patient_id, amount_minor=amount, currency=invoice.currency
    )
    session.publish(event)
