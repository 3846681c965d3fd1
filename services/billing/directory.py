"""Doctors: copies of auth's facts, for the price of their visits."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from chassis.persistence.upserts import keep
from contracts.auth.events import DoctorApproved, UserErased
from services.billing import rules
from services.billing.invoices import drafts
from services.billing.models.directory import Doctor
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.prices import catalogue


def on_doctor_approved(session: Session, _actor: Actor, event: DoctorApproved) -> None:
    """Copy an approved doctor, unless the copy is newer. Then price the visits that wait for the specialization."""
    catalogue.lock_for_writing(session)
    facts = {"specialization": event.specialization, "changed_by": session.call.heard.sequence}
    if not keep(session, Doctor, "id", "changed_by", id=event.doctor_id, **facts):
        return
    waiting = drafts.waiting(session, InvoiceLine.code.is_(None), Invoice.doctor_id == event.doctor_id)
    for line in (line for invoice in waiting for line in invoice.lines if line.code is None):
        line.code = rules.consultation_code(event.specialization)
    drafts.complete(session, waiting)


def on_user_erased(session: Session, _actor: Actor, event: UserErased) -> None:
    """Delete stored replies to an erased person. Invoices hold only ids, and a specialization explains the charge."""
    erase_traces(session, event.user_id)
