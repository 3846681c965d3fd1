"""Builders for the tests of the laboratory. Each has defaults, so that a test names only what matters to it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.labs.commands import (
    CollectSpecimen,
    CorrectLabResult,
    MeasuredView,
    OrderLabTests,
    ReceiveSpecimen,
    UploadLabTest,
    VerifyLabOrder,
)
from contracts.clinical.labs.states import LabPriority
from services.clinical.labs import commands, results, verification
from tests.clinical.factories import in_care, patient, registered

POTASSIUM, SODIUM, HEMOGLOBIN = "2823-3", "2951-2", "718-7"
UNITS = {POTASSIUM: "mmol/L", SODIUM: "mmol/L", HEMOGLOBIN: "g/dL"}
SERUM, BLOOD = "serum", "whole blood"
NORMAL = {POTASSIUM: "4.1", SODIUM: "140", HEMOGLOBIN: "14.0"}
"""Values that are normal for adults."""


def technician() -> Actor:
    return Actor(id=uuid7(), roles=frozenset({"lab_technician"}), verified=True)


def adult(session: Session, sex: str = "female") -> tuple[Actor, Actor]:
    """Return a doctor and a registered adult in the doctor's care."""
    person = patient(registered(session, sex=sex, email=None, confirmed_new=True).id)
    physician, _ = in_care(session, patient_id=person.person)
    return physician, person


def measured(code: str = POTASSIUM, value: str | None = None, unit: str | None = None) -> MeasuredView:
    return MeasuredView(test=code, value=Decimal(value or NORMAL[code]), unit=unit or UNITS[code])


def order(session: Session, people: tuple[Actor, Actor] | None = None, *codes: str, **fields: Any) -> dict[str, Any]:
    """Order tests for a patient in care, potassium by default."""
    physician, person = people or in_care(session)
    facts = {"priority": LabPriority.ROUTINE, "reason": None, **fields}
    command = OrderLabTests(patient_id=person.person, tests=list(codes or (POTASSIUM,)), **facts)
    placed = commands.order(session, physician, command)
    session.flush()
    return placed


def collect(session: Session, order_id: UUID, specimen: str = SERUM, actor: Actor | None = None) -> dict[str, Any]:
    command = CollectSpecimen(order_id=order_id, specimen=specimen)
    return commands.collect(session, actor or technician(), command)


def receive(session: Session, order_id: UUID, accession: str | None = None) -> dict[str, Any]:
    return commands.receive(session, technician(), ReceiveSpecimen(order_id=order_id, accession=accession))


def upload(session: Session, order_id: UUID, *values: MeasuredView, actor: Actor | None = None) -> dict[str, Any]:
    """Enter values of an order, a normal potassium by default."""
    facts = {"patient_id": None, "laboratory": None, "collected_at": None, "comment": None, "report": None}
    command = UploadLabTest(order_id=order_id, results=list(values or (measured(),)), **facts)
    stored = results.upload(session, actor or technician(), command)
    session.flush()
    return stored


def upload_outside(session: Session, patient_id: UUID, collected_at: datetime, *values: MeasuredView) -> dict[str, Any]:
    """Enter results of an outside laboratory."""
    facts = {"order_id": None, "laboratory": "Labor Nord", "comment": None, "report": None}
    command = UploadLabTest(
        patient_id=patient_id, collected_at=collected_at, results=list(values or (measured(),)), **facts
    )
    return results.upload(session, technician(), command)


def verify(session: Session, order_id: UUID, *confirmed: UUID, actor: Actor | None = None) -> dict[str, Any]:
    command = VerifyLabOrder(order_id=order_id, confirmed_deltas=list(confirmed))
    return verification.verify(session, actor or technician(), command)


def correct(session: Session, result_id: UUID, value: str = "4.4", actor: Actor | None = None) -> dict[str, Any]:
    command = CorrectLabResult(result_id=result_id, value=Decimal(value), reason="Typing error.")
    corrected = results.correct(session, actor or technician(), command)
    session.flush()
    return corrected


def received(session: Session, people: tuple[Actor, Actor] | None = None, *codes: str) -> dict[str, Any]:
    """Return an order whose specimen has arrived."""
    placed = order(session, people, *codes)
    collect(session, placed["id"])
    receive(session, placed["id"])
    return placed


def received_in_all_tubes(session: Session, *codes: str) -> dict[str, Any]:
    """Return an order whose serum and blood have arrived."""
    placed = order(session, None, *codes)
    for specimen in (SERUM, BLOOD) if HEMOGLOBIN in codes else (SERUM,):
        receive(session, placed["id"], collect(session, placed["id"], specimen)["accession"])
    return placed


def resulted(session: Session, value: str = "4.1", people: tuple[Actor, Actor] | None = None) -> tuple[UUID, UUID]:
    """Return the ids of an order and of its unverified potassium."""
    order_id = received(session, people)["id"]
    return order_id, upload(session, order_id, measured(value=value))["results"][0]["id"]


def verified(session: Session, value: str = "4.1", people: tuple[Actor, Actor] | None = None) -> tuple[UUID, UUID]:
    """Return the ids of an order and of its verified potassium."""
    order_id, result_id = resulted(session, value, people)
    verify(session, order_id, result_id)
    return order_id, result_id
