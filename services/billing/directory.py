"""Doctors: copies of what auth says of them, for the price of their visits."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from chassis.persistence.upserts import keep
from contracts.auth.events import DoctorApproved, UserErased
from services.billing import invoices, price_lookup, rules
from services.billing.models.directory import Doctor
from services.billing.models.invoices import Invoice, InvoiceLine


def remember(session: Session, actor: Actor, event: DoctorApproved) -> None:
    """Copy an approved doctor, unless what is known is newer, and price the visits that have waited for it."""
    price_lookup.changing(session)
    facts = {"specialization": event.specialization, "changed_by": actor.heard.sequence}
    if not keep(session, Doctor, "id", "changed_by", id=event.doctor_id, **facts):
        return
    waiting = invoices.held(session, InvoiceLine.code.is_(None), Invoice.doctor_id == event.doctor_id)
    for line in (line for invoice in waiting for line in invoice.lines if line.code is None):
        line.code = rules.consultation_code(event.specialization)
    invoices.complete(session, waiting)


def forget(session: Session, _actor: Actor, event: UserErased) -> None:
    """Drop the replies to somebody erased. Invoices name ids alone, and a specialization says what was charged."""
    erase_traces(session, event.user_id)
