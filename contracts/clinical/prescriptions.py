"""Prescriptions: doctors write them, doctors and patients read them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
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
from records.fields import Facts


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
    COMPLETED = "completed"


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


class PrescribedItemView(PrescriptionItemView):
    """A medicine of a prescription, with what was dispensed of it."""

    dispensed: Annotated[int, "The quantity dispensed so far."]
    fills_left: Annotated[int, "The fills, whole or in part, that may still be dispensed."]
    next_fill_at: Annotated[datetime | None, "The time from which more can be dispensed; null if nothing is left."]


class PrescriptionView(View):
    """A prescription. It is never edited: a change is a new prescription that supersedes it."""

    id: UUID
    patient_id: UUID
    doctor_id: UUID
    doctor_name: str | None
    status: PrescriptionStatus
    items: list[PrescribedItemView]
    instructions: str | None
    created_at: datetime
    supersedes_id: Annotated[UUID | None, "The prescription that this one replaced."]
    ended_at: Annotated[datetime | None, "The time at which it was superseded, discontinued or completed."]
    end_reason: Annotated[str | None, "The doctor's reason to discontinue it.", Facts(example="Dry cough.")]


class PrescribedView(PrescriptionView):
    """A new prescription, with the check of its medicines."""

    checks: ChecksView


Items = Annotated[list[PrescriptionItemView], validate.Length(1, 20)]
Overrides = Annotated[
    list[OverrideView],
    validate.Length(max=100),
    "A reason for each finding that is `contraindicated` or `serious`.",
]
UncheckedReason = Annotated[
    Reason | None, "The reason to prescribe without a check, if the medicine data cannot be used."
]
Instructions = Annotated[str, validate.Length(max=2000)]
THE_PRESCRIPTION = "The prescription."

NO_SUCH_PRESCRIPTION = Refusal(NotFound, "not_found", "There is no such prescription.")
PRESCRIPTION_ENDED = Refusal(
    Conflict,
    "prescription_ended",
    "The prescription is {status}.",
    "The prescription is no longer active: `status` is `superseded`, `discontinued` or `completed`.",
)
ALREADY_SUPERSEDED = Refusal(
    Conflict, "already_superseded", "Another prescription has superseded this one.", "Renew the newer prescription."
)


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
    instructions: Instructions | None = None
    overrides: Overrides = []
    unchecked_reason: UncheckedReason = None


class Revise(
    Command,
    service="clinical",
    roles=DOCTOR,
    returns=PrescribedView,
    refuses=(MEDICATION_FINDINGS, MEDICATION_UNCHECKED, PRESCRIPTION_ENDED),
):
    """Replace an active prescription of a patient in the doctor's care by one with other items.

    The new items are checked as by `Prescribe`. The former prescription becomes `superseded`, and its open refill
    request ends.
    """

    prescription_id: Annotated[UUID, THE_PRESCRIPTION]
    items: Items
    instructions: Instructions | None = None
    overrides: Overrides = []
    unchecked_reason: UncheckedReason = None


class Renew(
    Command,
    service="clinical",
    roles=DOCTOR,
    returns=PrescribedView,
    refuses=(MEDICATION_FINDINGS, MEDICATION_UNCHECKED, PRESCRIPTION_ENDED, ALREADY_SUPERSEDED),
):
    """Prescribe the same items again, with all their refills, to a patient in the doctor's care.

    The prescription may be active or completed. An active one becomes `superseded`, and its open refill request is
    approved. The items are checked as by `Prescribe`.
    """

    prescription_id: Annotated[UUID, THE_PRESCRIPTION]
    overrides: Overrides = []
    unchecked_reason: UncheckedReason = None


class Discontinue(Command, service="clinical", roles=DOCTOR, returns=PrescriptionView, refuses=(PRESCRIPTION_ENDED,)):
    """End an active prescription of a patient in the doctor's care. The patient is notified."""

    prescription_id: Annotated[UUID, THE_PRESCRIPTION]
    reason: Reason


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
    """A doctor has prescribed medicines to a patient. `supersedes_id` is the former prescription, or null."""

    prescription_id: UUID
    patient_id: UUID
    doctor_id: UUID
    supersedes_id: UUID | None = None
    example = {
        "prescription_id": "01919c5e-0000-7000-8000-0000000000b1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
        "supersedes_id": None,
    }


class PrescriptionDiscontinued(
    Event, service="clinical", subject="prescription_id", heard_by=("notify.on_prescription_discontinued",)
):
    """A doctor has ended a prescription: the patient must not go on with its medicines."""

    prescription_id: UUID
    patient_id: UUID
    doctor_id: UUID
    discontinued_by: UUID
    example = {
        "prescription_id": "01919c5e-0000-7000-8000-0000000000b1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
        "discontinued_by": "01919c5e-0000-7000-8000-000000000002",
    }
