"""Invoices of laboratory tests."""

from sqlalchemy import exists, select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.labs.events import LabTestsPerformed
from services.billing import rules, settings
from services.billing.invoices import drafts
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.prices import catalogue


def on_lab_tests_performed(session: Session, _actor: Actor, event: LabTestsPerformed) -> None:
    """Invoice the tests of an event once, with a line for each. Lines without a price are held."""
    catalogue.lock_for_reading(session)
    source_event = session.call.heard.event_id
    if session.scalar(select(exists().where(InvoiceLine.source_event == source_event))):
        return
    invoice = Invoice(
        id=uuid7(),
        patient_id=event.patient_id,
        lab_order_id=event.order_id,
        source_event=source_event,
        visit_revision=0,
        visit_on=rules.day_of(event.performed_at, config.current().hospital_timezone),
        currency=settings.current().currency,
        created_at=clock.now(),
        lines=[
            InvoiceLine(code=rules.lab_code(test), name="Laboratory test", source_event=source_event, position=position)
            for position, test in enumerate(event.tests)
        ],
    )
    drafts.complete(session, [invoice])
    session.add(invoice)  # Added last, so that one INSERT writes the priced and numbered invoice.
