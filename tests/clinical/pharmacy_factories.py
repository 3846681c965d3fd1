"""Builders for tests of prescriptions, refills and dispenses."""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.dispenses import Dispense, DispenseItemView
from contracts.clinical.prescriptions import Prescribe, PrescriptionItemView
from contracts.clinical.refills import DecideRefill, RefillDecision, RequestRefill
from services.clinical.dispenses import commands as dispenses
from services.clinical.models.prescriptions import Prescription
from services.clinical.prescriptions import commands as prescriptions
from services.clinical.prescriptions.queries import LOADED
from services.clinical.refills import commands as refills
from tests.clinical.factories import in_care, item, pharmacist
from tests.clinical.inventory.factories import medicine, moved
from transports import rows


class Case(NamedTuple):
    """A patient in the care of a doctor, with a prescription."""

    doctor: Actor
    patient: Actor
    prescription_id: UUID


def settle(session: Session) -> None:
    """Write the rows that a transaction writes at its end."""
    session.flush()
    rows.add(session, session.appended)
    session.appended.clear()


def line(name: str = "Amoxicillin", *, quantity: int = 21, days: int = 7, refills: int = 0) -> PrescriptionItemView:
    """Return a medicine of a prescription."""
    made = item(name)
    made.quantity, made.days, made.refills = quantity, days, refills
    return made


def case(session: Session, *lines: PrescriptionItemView, **fields: Any) -> Case:
    """Prescribe these medicines to a new patient in care."""
    physician, person = in_care(session)
    return Case(physician, person, ordered(session, physician, person, *lines, **fields))


def ordered(session: Session, physician: Actor, person: Actor, *lines: PrescriptionItemView, **fields: Any) -> UUID:
    """Prescribe these medicines; return the id of the prescription."""
    command = Prescribe(patient_id=person.person, items=list(lines) or [line()], **fields)
    reply = prescriptions.prescribe(session, physician, command)
    settle(session)
    return UUID(str(reply["id"]))


def row(session: Session, prescription_id: UUID) -> Prescription:
    """Return a prescription with its items, as stored."""
    session.flush()
    query = select(Prescription).where(Prescription.id == prescription_id).options(*LOADED)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def stocked(session: Session, quantity: int = 1000, **facts: Any) -> UUID:
    """Add a medicine, amoxicillin by default, with stock; return its id."""
    item_id = medicine(session, **facts)
    moved(session, item_id, "receive", quantity)
    return item_id


def of_item(item_id: UUID, quantity: int, place: int | None = None) -> DispenseItemView:
    """Return an item to be dispensed."""
    return DispenseItemView(item_id=item_id, quantity=quantity, prescription_item=place)


def dispense(session: Session, prescription_id: UUID, *items: DispenseItemView, **fields: Any) -> dict[str, Any]:
    """Dispense items; return the reply."""
    command = Dispense(prescription_id=prescription_id, items=list(items), **fields)
    reply = Dispense.reply(dispenses.dispense(session, pharmacist(), command))
    settle(session)
    assert reply is not None
    return reply


def asked(session: Session, known: Case, **fields: Any) -> dict[str, Any]:
    """Ask for a refill; return the reply."""
    command = RequestRefill(prescription_id=known.prescription_id, patient_id=known.patient.person, **fields)
    reply = RequestRefill.reply(refills.ask(session, known.patient, command))
    settle(session)
    assert reply is not None
    return reply


def decided(session: Session, actor: Actor, request_id: UUID, decision: str, **fields: Any) -> dict[str, Any]:
    """Decide about a refill request; return the reply."""
    command = DecideRefill(request_id=request_id, decision=RefillDecision(decision), **fields)
    reply = DecideRefill.reply(refills.decide(session, actor, command))
    settle(session)
    assert reply is not None
    return reply


def later(monkeypatch: pytest.MonkeyPatch, **period: float) -> None:
    """Move the clock on; it stands still from then on."""
    moment = clock.now() + timedelta(**period)
    monkeypatch.setattr(clock, "now", lambda: moment)
