"""Charges of dispensed medicines."""

from sqlalchemy import exists, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.dispenses import MedicineDispensed
from services.billing import rules
from services.billing.invoices import charges
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.prices import catalogue


def on_medicine_dispensed(session: Session, _actor: Actor, event: MedicineDispensed) -> None:
    """Charge a dispense once, with a line for each item. Lines without a price are held, and their invoice waits."""
    catalogue.lock_for_reading(session)
    has_invoice = session.scalar(select(exists().where(Invoice.dispense_id == event.dispense_id)))
    if has_invoice or charges.is_billed(session):
        return
    cause = charges.Cause(dispense_id=event.dispense_id)
    charges.bill(session, event.patient_id, event.dispensed_at, _lines(session, event), **cause)


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
