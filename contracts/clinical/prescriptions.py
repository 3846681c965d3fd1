"""Prescriptions: doctors write them, doctors and patients read them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.event import Event
from contracts.clinical.patients import THE_PATIENT
from contracts.roles import Role
from contracts.texts import ONE_LINE


class Route(StrEnum):
    """The route of administration of a medicine."""

    ORAL = "oral"
    INTRAVENOUS = "intravenous"
    INTRAMUSCULAR = "intramuscular"
    SUBCUTANEOUS = "subcutaneous"
    TOPICAL = "topical"
    INHALED = "inhaled"
    RECTAL = "rectal"
    SUBLINGUAL = "sublingual"
    OTHER = "other"


class PrescriptionStatus(StrEnum):
    """The states of a prescription."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    DISCONTINUED = "discontinued"


class DoseView(View):
    """A dose: a value and its UCUM unit, such as `mg`."""

    value: Annotated[float, validate.Range(min=0, min_inclusive=False, max=1_000_000)]
    unit: Annotated[str, validate.Length(1, 30), ONE_LINE]


class PrescriptionItemView(View):
    """One medicine of a prescription. `refills` does not count the first fill."""

    medicine: Annotated[str, validate.Length(1, 200), ONE_LINE]
    dose: DoseView
    route: Route
    frequency: Annotated[str, validate.Length(1, 100), ONE_LINE]
    days: Annotated[int, validate.Range(1, 365)]
    quantity: Annotated[int, validate.Range(1, 10_000)]
    refills: Annotated[int, validate.Range(0, 12)] = 0


class PrescriptionView(View):
    """A prescription. It is never edited."""

    id: UUID
    patient_id: UUID
    doctor_id: UUID
    status: PrescriptionStatus
    items: list[PrescriptionItemView]
    instructions: str | None
    created_at: datetime


class Prescribe(Command, service="clinical", roles=frozenset({Role.DOCTOR}), returns=PrescriptionView):
    """Prescribe medicines to a patient in the doctor's care."""

    patient_id: Annotated[UUID, THE_PATIENT]
    items: Annotated[list[PrescriptionItemView], validate.Length(1, 20)]
    instructions: Annotated[str, validate.Length(max=2000)] | None = None


class ListMyPrescriptions(
    PageQuery, service="clinical", roles=frozenset({Role.PATIENT}), returns=page_of(PrescriptionView)
):
    """List the caller's own prescriptions, newest first."""

    patient_id: Annotated[UUID, THE_PATIENT]


class ListPrescriptionsOfPatient(
    PageQuery, service="clinical", roles=frozenset({Role.DOCTOR}), returns=page_of(PrescriptionView)
):
    """List the prescriptions of a patient in the doctor's care, newest first."""

    patient_id: Annotated[UUID, THE_PATIENT]


class PrescriptionAdded(
    Event, service="clinical", subject="prescription_id", heard_by=("notify.on_prescription_added",)
):
    """A doctor has prescribed medicines to a patient."""

    prescription_id: UUID
    patient_id: UUID
    doctor_id: UUID
    example = {
        "prescription_id": "01919c5e-0000-7000-8000-0000000000b1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
    }
