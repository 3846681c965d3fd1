"""Copies of doctors, for the price of their visits, and of patients, for checkouts and papers."""

from uuid import UUID

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from chassis.persistence.upserts import keep
from contracts.auth.events import DoctorApproved, UserErased, UserRegistered, UserUpdated
from contracts.clinical.patients import PatientIdentityChanged
from services.billing import rules
from services.billing.invoices import drafts
from services.billing.models.directory import Doctor, Patient
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.prices import catalogue

AFTER_ALL_EVENTS = 2**63 - 1
"""A sequence that no event reaches."""


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


def on_user_registered(session: Session, _actor: Actor, event: UserRegistered) -> None:
    """Copy the e-mail address of a new account."""
    _copy_email(session, event.user_id, event.email)


def on_user_updated(session: Session, _actor: Actor, event: UserUpdated) -> None:
    """Copy the changed e-mail address of an account."""
    _copy_email(session, event.user_id, event.email)


def _copy_email(session: Session, user_id: UUID, email: str) -> None:
    facts = {"email": email, "addressed_by": session.call.heard.sequence}
    keep(session, Patient, "id", "addressed_by", id=user_id, **facts)


def on_patient_identity_changed(session: Session, _actor: Actor, event: PatientIdentityChanged) -> None:
    """Copy name and record number, unless the copy is newer or the person was erased."""
    facts = {"name": event.name, "mrn": event.mrn, "named_by": session.call.heard.sequence}
    keep(session, Patient, "id", "named_by", id=event.patient_id, **facts)


def on_user_erased(session: Session, _actor: Actor, event: UserErased) -> None:
    """Delete stored replies to an erased person, and the copies of name and address. Invoices hold only ids.

    An erased person stays erased, whatever event comes later: auth and clinical number their events separately.
    """
    erase_traces(session, event.user_id)
    facts = {"email": None, "addressed_by": AFTER_ALL_EVENTS, "name": "", "mrn": None, "named_by": AFTER_ALL_EVENTS}
    keep(session, Patient, "id", "addressed_by", id=event.user_id, **facts)
