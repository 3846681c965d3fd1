"""Invoices of dispensed medicines."""

from sqlalchemy import exists, select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.dispenses import MedicineDispensed
from services.billing import rules, settings
from services.billing.invoices import drafts
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.prices import catalogue


def on_medicine_dispensed(session: Session, _actor: Actor, event: MedicineDispensed) -> None:
    """Invoice a dispense once, with a line for each item. Lines without a price are held, and the invoice waits."""
    catalogue.lock_for_reading(session)
    if session.scalar(select(exists().where(Invoice.dispense_id == event.dispense_id))):
        return
    invoice = Invoice(
        id=uuid7(),
        patient_id=event.patient_id,
        dispense_id=event.dispense_id,
        visit_revision=0,
        visit_on=rules.day_of(event.dispensed_at, config.current().hospital_timezone),
        currency=settings.current().currency,
        created_at=clock.now(),
        lines=_lines(session, event),
    )
    drafts.complete(session, [invoice])
    session.add(invoice)  # Added last, so that one INSERT writes the priced and numbered invoice.


def _lines(session: Session, event: MedicineDispensed) -> list[InvoiceLine]:
    """Return a held line for each item. The event names no medicine: the name comes with the price."""
    return [
        InvoiceLine(
            code=rules.medicine_code(item_id),
            name="Medicine",
            quantity=quantity,
            source_event=session.call.heard.event_id,
            position=position,
        )
        for position, (item_id, quantity) in enumerate(zip(event.item_ids, event.quantities, strict=True))
    ]
