"""Prescriptions: doctors write them, doctors and patients read them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.event import Event
from contracts.clinical.care import CARERS, DOCTOR, PHARMACIST
from contracts.clinical.medicines import (
    MEDICATION_FINDINGS,
    MEDICATION_UNCHECKED,
    ChecksView,
    OverrideView,
)
from contracts.clinical.patients import THE_PATIENT
from contracts.roles import Role
from contracts.texts import ONE_LINE, Reason


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
    doctor_name: str | None
    status: PrescriptionStatus
    items: list[PrescriptionItemView]
    instructions: str | None
    created_at: datetime


class PrescribedView(PrescriptionView):
    """A new prescription, with the check of its medicines."""

    checks: ChecksView


Items = Annotated[list[PrescriptionItemView], validate.Length(1, 20)]


class Prescribe(
    Command,
    service="clinical",
    roles=DOCTOR,
    returns=PrescribedView,
    refuses=(MEDICATION_FINDINGS, MEDICATION_UNCHECKED),
):
    """Prescribe medicines to a patient in the doctor's care.

    The medicines are checked against each other and the patient's active prescriptions, allergies, age and weight.
    """

    patient_id: Annotated[UUID, THE_PATIENT]
    items: Items
    instructions: Annotated[str, validate.Length(max=2000)] | None = None
    overrides: Annotated[
        list[OverrideView],
        validate.Length(max=100),
        "A reason for each finding that is `contraindicated` or `serious`.",
    ] = []
    unchecked_reason: Annotated[
        Reason | None, "The reason to prescribe without a check, if the medicine data cannot be used."
    ] = None


class CheckMedication(Command, service="clinical", roles=DOCTOR | PHARMACIST, returns=ChecksView, keyed=False):
    """Check medicines as `Prescribe` does, without prescribing them. The patient sees that the chart was read."""

    patient_id: Annotated[UUID, THE_PATIENT]
    items: Items


class ListMyPrescriptions(
    PageQuery, service="clinical", roles=frozenset({Role.PATIENT}), returns=page_of(PrescriptionView)
):
    """List the caller's own prescriptions, newest first."""

    patient_id: Annotated[UUID, THE_PATIENT]


class ListPrescriptionsOfPatient(
    PageQuery,
    service="clinical",
    roles=CARERS | PHARMACIST,
    returns=page_of(PrescriptionView),
    audited=True,
):
    """List the prescriptions of a patient, newest first. A doctor needs to have the patient in care."""

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
