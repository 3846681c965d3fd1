"""Draft invoices for completed visits, and take invoices of undone completions back."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import selectinload
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.billing.invoices import InvoiceVoided
from contracts.scheduling.appointments.events import VisitCompleted, VisitCompletionUndone, VisitStarted
from services.billing import rules, settings
from services.billing.invoices import charges, drafts, ledger
from services.billing.models.invoices import Invoice, InvoiceLine, UndoneVisit
from services.billing.prices import catalogue


def on_visit_started(session: Session, _actor: Actor, event: VisitStarted) -> None:
    """Start a draft that gathers the charges of the visit, unless later facts about the visit are known."""
    session.lock(_lock_of_visit(event.appointment_id))
    if session.scalar(_is_outdated(event.appointment_id, event.revision)):
        return
    draft = _invoice_of(event)
    draft.gathers_until = session.call.heard.occurred_at + charges.GATHERED_FOR
    session.add(draft)


def _is_outdated(appointment_id: UUID, revision: int) -> Select[tuple[bool]]:
    """Select whether the visit was invoiced or undone after this revision."""
    invoiced = exists().where(Invoice.appointment_id == appointment_id, Invoice.visit_revision >= revision)
    undone = exists().where(UndoneVisit.appointment_id == appointment_id, UndoneVisit.revision > revision)
    return select(or_(invoiced, undone))


def on_visit_completed(session: Session, _actor: Actor, event: VisitCompleted) -> None:
    """Invoice a completed visit once. Without a price the invoice stays a draft with a held line.

    An undone completion is not invoiced, whichever event arrives first.
    """
    catalogue.lock_for_reading(session)
    session.lock(_lock_of_visit(event.appointment_id))
    if session.scalar(_is_settled(event.appointment_id, event.revision)):
        return
    is_of_visit = (Invoice.appointment_id == event.appointment_id) & (Invoice.visit_revision < event.revision)
    gathered = charges.gathering(session, is_of_visit)
    invoice = gathered or _invoice_of(event)
    invoice.stop_gathering(event.revision)
    invoice.lines.append(_consultation(session, event.doctor_id))
    drafts.complete(session, [invoice])
    session.add(invoice)  # Added last, so that one INSERT writes the priced and numbered invoice.


def _consultation(session: Session, doctor_id: UUID) -> InvoiceLine:
    """Return the held line of the visit itself."""
    specialization = catalogue.specialization_of(session, doctor_id)
    return InvoiceLine(
        code=rules.consultation_code(specialization) if specialization is not None else None,
        name="Consultation",
        quantity=1,
        source_event=session.call.heard.event_id,
    )


def _invoice_of(event: VisitStarted | VisitCompleted) -> Invoice:
    """Return a draft for a visit, without lines."""
    return Invoice(
        id=uuid7(),
        patient_id=event.patient_id,
        appointment_id=event.appointment_id,
        visit_revision=event.revision,
        doctor_id=event.doctor_id,
        visit_on=rules.day_of(event.starts_at, config.current().hospital_timezone),
        currency=settings.current().currency,
        created_at=clock.now(),
        lines=[],
    )


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
    catalogue.lock_for_reading(session)
    session.lock(_lock_of_visit(event.appointment_id))
    facts = {"appointment_id": event.appointment_id, "revision": event.revision}
    keep(session, UndoneVisit, "appointment_id", "revision", **facts)
    older = (Invoice.appointment_id == event.appointment_id) & (Invoice.visit_revision < event.revision)
    is_owed = Invoice.undone_at.is_(None) & Invoice.doctor_id.is_not(None)
    query = select(Invoice).where(older, is_owed).order_by(Invoice.id).options(selectinload(Invoice.lines))
    invoices = session.scalars(query.with_for_update()).all()
    for invoice in invoices:
        _take_back(session, invoice)
    _charge_again(session, event, invoices)


def _charge_again(session: Session, event: VisitCompletionUndone, invoices: Sequence[Invoice]) -> None:
    """Charge medicines and tests of undone invoices on an invoice of their own: the patient has got them."""
    gathered = [line for invoice in invoices for line in invoice.lines if not rules.is_consultation(line.code)]
    if not gathered:
        return
    source = session.call.heard.event_id
    invoice = Invoice(
        id=uuid7(),
        patient_id=invoices[0].patient_id,
        appointment_id=event.appointment_id,
        visit_revision=event.revision,
        visit_on=invoices[0].visit_on,
        currency=invoices[0].currency,
        created_at=clock.now(),
        lines=[line.copy(source, position) for position, line in enumerate(gathered)],
    )
    drafts.complete(session, [invoice])
    session.add(invoice)


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
