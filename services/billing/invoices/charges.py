"""Charges of medicines and laboratory tests: on the draft of the visit in progress, or on an invoice of their own."""

from datetime import datetime, timedelta
from typing import TypedDict, Unpack
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import selectinload
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.persistence.database import Session
from services.billing import rules, settings
from services.billing.invoices import drafts
from services.billing.models.invoices import Invoice, InvoiceLine

GATHERED_FOR = timedelta(hours=24)
"""The time from the start of a visit until its draft is issued without the completion of the visit."""


class Cause(TypedDict, total=False):
    """The record that caused an invoice of its own."""

    dispense_id: UUID
    lab_order_id: UUID
    source_event: UUID


def is_billed(session: Session) -> bool:
    """Return whether the event that the session handles has a line."""
    known = exists().where(InvoiceLine.source_event == session.call.heard.event_id)
    return bool(session.scalar(select(known)))


def bill(session: Session, patient_id: UUID, at: datetime, lines: list[InvoiceLine], **cause: Unpack[Cause]) -> None:
    """Charge these lines. The caller holds the lock of the catalogue."""
    draft = gathering(session, Invoice.patient_id == patient_id, Invoice.gathers_until > clock.now())
    if draft is not None:
        draft.lines.extend(lines)
        drafts.complete(session, [draft])
        return
    invoice = Invoice(
        id=uuid7(),
        patient_id=patient_id,
        visit_revision=0,
        visit_on=rules.day_of(at, config.current().hospital_timezone),
        currency=settings.current().currency,
        created_at=clock.now(),
        lines=lines,
        **cause,
    )
    drafts.complete(session, [invoice])
    session.add(invoice)  # Added last, so that one INSERT writes the priced and numbered invoice.


def gathering(session: Session, *conditions: ColumnElement[bool]) -> Invoice | None:
    """Lock and return the newest draft that gathers charges, with its lines. A void draft gathers none."""
    query = select(Invoice).where(Invoice.gathers_until.is_not(None), Invoice.undone_at.is_(None), *conditions)
    query = query.order_by(Invoice.gathers_until.desc()).limit(1).options(selectinload(Invoice.lines))
    return session.scalars(query.with_for_update()).first()
