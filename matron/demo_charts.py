"""Demo data of charts: two patients with allergies, conditions, vital signs, medicines and laboratory results."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.identity import SYSTEM, Actor
from chassis.persistence.database import Session
from contracts.clinical.allergies import AddAllergy, AllergyCertainty, AllergySeverity
from contracts.clinical.assignments import AssignDoctor
from contracts.clinical.conditions import AddCondition
from contracts.clinical.labs.commands import (
    CollectSpecimen,
    MeasuredView,
    OrderLabTests,
    ReceiveSpecimen,
    UploadLabTest,
    VerifyLabOrder,
)
from contracts.clinical.patients import CorrectPatient, Sex
from contracts.clinical.prescriptions import DoseView, Prescribe, PrescriptionItemView, Route
from contracts.clinical.vitals import Consciousness, RecordVitals
from contracts.roles import Role
from services.clinical import assignments
from services.clinical.allergies import commands as allergies
from services.clinical.conditions import commands as conditions
from services.clinical.labs import commands as labs
from services.clinical.labs import results, verification
from services.clinical.models.care import Assignment
from services.clinical.patients import commands as patients
from services.clinical.prescriptions import commands as prescriptions
from services.clinical.vitals import commands as vitals

READINGS = 40
"""Vital signs of each patient."""
HOURS_BETWEEN = 18
"""Hours between two readings, so that 40 of them fill a month."""


@dataclass(frozen=True)
class Story:
    """The chart of one patient. Conditions are pairs of text and ICD-10 code."""

    sex: Sex
    birth_date: date
    substance: str
    reaction: str
    conditions: tuple[tuple[str, str], tuple[str, str]]
    medicine: str
    dose: float
    systolic: int
    pulse: int
    potassium: str


ASHA = Story(
    Sex.FEMALE,
    date(1984, 2, 29),
    "sulfamethoxazole",
    "Rash over the whole body",
    (("Essential hypertension", "I10"), ("Hypothyroidism", "E03.9")),
    "amlodipine",
    5,
    138,
    72,
    "5.6",
)
BEN = Story(
    Sex.MALE,
    date(1957, 8, 11),
    "codeine",
    "Vomiting",
    (("Type 2 diabetes mellitus", "E11.9"), ("Chronic kidney disease, stage 2", "N18.2")),
    "metformin",
    500,
    126,
    66,
    "4.4",
)
PANEL = {"2951-2": "139", "2160-0": "0.9"}
"""Sodium and creatinine. Each story adds potassium (LOINC 2823-3), which is high for one of the patients."""


@dataclass(frozen=True)
class Team:
    """The people who fill the charts."""

    doctor: Actor
    nurse: Actor
    technician: Actor


def team(doctor_id: UUID, nurse_id: UUID, technician_id: UUID) -> Team:
    """Return the people as callers with their roles."""
    people = ((doctor_id, Role.DOCTOR), (nurse_id, Role.NURSE), (technician_id, Role.LAB_TECHNICIAN))
    return Team(*(Actor(id=person, roles=frozenset({role}), verified=True) for person, role in people))


def fill(session: Session, who: Team, patient_id: UUID, story: Story) -> None:
    """Fill the chart of a patient, unless the patient has an assigned doctor already."""
    if session.scalar(select(Assignment.id).where(Assignment.patient_id == patient_id).limit(1)) is not None:
        return
    patients.correct(session, SYSTEM, CorrectPatient(patient_id=patient_id, sex=story.sex, birth_date=story.birth_date))
    admin = Actor(id=who.doctor.person, roles=frozenset({Role.ADMIN}))
    assignments.assign(session, admin, AssignDoctor(patient_id=patient_id, doctor_id=who.doctor.person))
    session.flush()
    for write in (_write_conditions, _record_vitals, _examine, _prescribe):
        write(session, who, patient_id, story)


def _write_conditions(session: Session, who: Team, patient_id: UUID, story: Story) -> None:
    allergy = AddAllergy(
        patient_id=patient_id,
        substance=story.substance,
        reaction=story.reaction,
        severity=AllergySeverity.MODERATE,
        certainty=AllergyCertainty.CONFIRMED,
    )
    allergies.add(session, who.doctor, allergy)
    for text, code in story.conditions:
        conditions.add(session, who.doctor, AddCondition(patient_id=patient_id, text=text, code=code))


def _record_vitals(session: Session, who: Team, patient_id: UUID, story: Story) -> None:
    """Record a month of readings that rise and fall a little, oldest first."""
    now = clock.now()
    for number in range(READINGS):
        swing = (number * 7) % 11 - 5
        reading = RecordVitals(
            patient_id=patient_id,
            systolic=story.systolic + 2 * swing,
            diastolic=78 + swing,
            pulse=story.pulse + swing,
            respiration=14 + number % 3,
            temperature=36.6 + swing / 20,
            spo2=97 + number % 2,
            on_oxygen=False,
            consciousness=Consciousness.ALERT,
            weight_kg=71.5,
            measured_at=now - timedelta(hours=HOURS_BETWEEN * (READINGS - 1 - number)),
        )
        vitals.record(session, who.nurse, reading)


def _examine(session: Session, who: Team, patient_id: UUID, story: Story) -> None:
    """Order, collect, receive, measure and verify a panel."""
    values = {**PANEL, "2823-3": story.potassium}
    order_id = _id_of(labs.order(session, who.doctor, OrderLabTests(patient_id=patient_id, tests=[*values])))
    labs.collect(session, who.technician, CollectSpecimen(order_id=order_id, specimen="serum"))
    labs.receive(session, who.technician, ReceiveSpecimen(order_id=order_id))
    units = {"2951-2": "mmol/L", "2823-3": "mmol/L", "2160-0": "mg/dL"}
    measured = [MeasuredView(test=test, value=Decimal(value), unit=units[test]) for test, value in values.items()]
    results.upload(session, who.technician, UploadLabTest(order_id=order_id, results=measured))
    verification.verify(session, who.technician, VerifyLabOrder(order_id=order_id, confirmed_deltas=[]))


def _prescribe(session: Session, who: Team, patient_id: UUID, story: Story) -> None:
    item = PrescriptionItemView(
        medicine=story.medicine,
        dose=DoseView(value=story.dose, unit="mg"),
        route=Route.ORAL,
        frequency="once a day",
        days=30,
        quantity=30,
        refills=3,
    )
    reason = "The demo data have not been reviewed."
    command = Prescribe(
        patient_id=patient_id, items=[item], instructions="Take in the morning.", unchecked_reason=reason
    )
    prescriptions.prescribe(session, who.doctor, command)


def _id_of(reply: dict[str, object]) -> UUID:
    found = reply["id"]
    assert isinstance(found, UUID)  # noqa: S101  for the type checker: the id of a new order
    return found
