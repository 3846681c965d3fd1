"""Charges of laboratory tests."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.labs.events import LabTestsPerformed
from services.billing import rules
from services.billing.invoices import charges
from services.billing.models.invoices import InvoiceLine
from services.billing.prices import catalogue


def on_lab_tests_performed(session: Session, _actor: Actor, event: LabTestsPerformed) -> None:
    """Charge the tests of an event once, with a line for each. Lines without a price are held."""
    catalogue.lock_for_reading(session)
    if charges.is_billed(session):
        return
    source = session.call.heard.event_id
    lines = [
        InvoiceLine(code=rules.lab_code(test), name="Laboratory test", source_event=source, position=position)
        for position, test in enumerate(event.tests)
    ]
    cause = charges.Cause(lab_order_id=event.order_id, source_event=source)
    charges.bill(session, event.patient_id, event.performed_at, lines, **cause)
