"""Dispenses: pharmacists give medicines of prescriptions to patients, or decline to."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.clinical.care import PHARMACIST
from contracts.clinical.inventory.views import NOT_A_MEDICINE, OUT_OF_STOCK, THE_ITEM
from contracts.clinical.medicines import MEDICATION_FINDINGS, MEDICATION_UNCHECKED, ChecksView
from contracts.clinical.prescriptions import (
    PRESCRIPTION_ENDED,
    THE_PRESCRIPTION,
    PrescribedItemView,
    PrescriptionStatus,
)
from contracts.texts import Reason
from records.fields import Facts

POSITION = "The place of the medicine in the prescription's `items`, from 0."

NOT_PRESCRIBED = Refusal(
    Conflict,
    "not_prescribed",
    "The item of the inventory is not a medicine of this prescription.",
    "`item_id` names the item of the inventory, and `substances` its substances. Choose an item with the substances of "
    "the prescribed medicine. If the medicine data does not know one of the two, name the `prescription_item`.",
)
UNCLEAR_ITEM = Refusal(
    Conflict,
    "unclear_item",
    "The item of the inventory fits several medicines of this prescription.",
    "Name the `prescription_item`: one of `candidates`.",
)
STRENGTH_DIFFERS = Refusal(
    Conflict,
    "strength_differs",
    "One unit of the item has {strength}, but the prescribed dose is {dose}.",
    "Choose an item of the prescribed strength, or ask the doctor to revise the prescription. With a "
    "`strength_reason` the item is dispensed all the same. Several whole units for a dose need no reason, if the "
    "prescribed quantity has as many for all doses.",
)
MORE_THAN_PRESCRIBED = Refusal(
    Conflict,
    "more_than_prescribed",
    "Only {left} may be dispensed now.",
    "`left` is what this fill has left of the medicine at the place `prescription_item`. It is 0 after the last fill.",
)
REFILL_TOO_EARLY = Refusal(
    Conflict,
    "refill_too_early",
    "The last fill still lasts: the next fill can be dispensed from {next_fill_at} on.",
    "Wait until `next_fill_at`, or ask the doctor: an approved refill request opens the next fill at once.",
)


class DispenseItemView(View):
    """An item of the inventory that is dispensed."""

    item_id: Annotated[UUID, THE_ITEM]
    quantity: Annotated[int, validate.Range(1, 10_000), "In the unit of the item."]
    prescription_item: Annotated[int, validate.Range(0, 19), POSITION] | None = None
    strength_reason: (
        Annotated[
            Reason,
            "The reason to dispense a strength that differs from the prescribed dose.",
            Facts(example="The patient halves the tablet, as agreed with the doctor."),
        ]
        | None
    ) = None


class DispenseLineView(View):
    """The part of a dispense that came from one batch."""

    prescription_item: Annotated[int, POSITION]
    item_id: UUID
    medicine: Annotated[str, Facts(example="Amoxicillin 500 mg capsule")]
    batch: str
    expires_on: date
    quantity: int
    units_per_dose: Annotated[
        float | None,
        "How many units make the prescribed dose. Null: not compared, because the item has no strength, or another "
        "kind of unit than the dose.",
        Facts(example=1),
    ]
    strength_reason: Annotated[
        str | None,
        "Why the strength differs from the prescribed dose.",
        Facts(example="The patient halves the tablet, as agreed with the doctor."),
    ]


class DispenseView(View):
    """A dispense, with the check of the medicines."""

    id: UUID
    prescription_id: UUID
    patient_id: UUID
    lines: list[DispenseLineView]
    checks: ChecksView
    dispensed_by: UUID
    dispensed_at: datetime


class DeclineView(View):
    """A refused dispense."""

    id: UUID
    prescription_id: UUID
    reason: str
    declined_by: UUID
    declined_at: datetime


class QueuedItemView(PrescribedItemView):
    """A medicine of a prescription in the pharmacy's queue."""

    position: Annotated[int, POSITION]
    left: Annotated[int, "The quantity that may be dispensed now."]


class QueuedPrescriptionView(View):
    """A prescription in the pharmacy's queue."""

    id: UUID
    patient_id: UUID
    patient_name: str | None
    birth_date: date | None
    mrn: str | None
    allergies: Annotated[int, "The number of allergies in the chart."]
    no_known_allergies: Annotated[bool, "Whether the chart states that there are none. Otherwise 0 means unknown."]
    doctor_id: UUID
    doctor_name: str | None
    status: PrescriptionStatus
    items: list[QueuedItemView]
    fills_left: Annotated[int, "The most fills that a medicine has left."]
    instructions: str | None
    created_at: datetime
    declined_reason: Annotated[str | None, "Why a pharmacist declined it, if nothing was dispensed since."]
    declined_at: datetime | None


class ListDispenseQueue(
    PageQuery, service="clinical", roles=PHARMACIST, returns=page_of(QueuedPrescriptionView), audited=True
):
    """List active prescriptions of which something can be dispensed now, oldest first.

    With another `status`, list all prescriptions in that state, newest first. Each patient sees the reading.
    """

    status: Annotated[PrescriptionStatus, "Only prescriptions in this state."] = PrescriptionStatus.ACTIVE


class Dispense(
    Command,
    service="clinical",
    roles=PHARMACIST,
    returns=DispenseView,
    refuses=(
        PRESCRIPTION_ENDED,
        NOT_PRESCRIBED,
        UNCLEAR_ITEM,
        STRENGTH_DIFFERS,
        MORE_THAN_PRESCRIBED,
        REFILL_TOO_EARLY,
        OUT_OF_STOCK,
        NOT_A_MEDICINE,
        MEDICATION_FINDINGS,
        MEDICATION_UNCHECKED,
    ),
):
    """Dispense medicines of a prescription from the stock: one fill at most, or a part of it.

    Each item of the inventory serves the prescribed medicine with the same substances. Its strength must fit the dose,
    or the pharmacist gives a `strength_reason`. Batches are taken by expiry, never expired ones. The medicines are
    checked again. Only the override of a doctor answers a blocking finding.
    """

    prescription_id: Annotated[UUID, THE_PRESCRIPTION]
    items: Annotated[list[DispenseItemView], validate.Length(1, 40)]
    unchecked_reason: Annotated[
        Reason | None, "The reason to dispense without a check, if the medicine data cannot be used."
    ] = None


class DeclineDispense(
    Command, service="clinical", roles=PHARMACIST, returns=DeclineView, refuses=(PRESCRIPTION_ENDED,)
):
    """Decline to dispense an active prescription. The prescriber and the patient are notified.

    The prescription stays active and in the queue, until its doctor revises or discontinues it.
    """

    prescription_id: Annotated[UUID, THE_PRESCRIPTION]
    reason: Reason


class MedicineDispensed(
    Event,
    service="clinical",
    subject="dispense_id",
    heard_by=("notify.on_medicine_dispensed", "billing.on_medicine_dispensed"),
):
    """A pharmacist has dispensed medicines of a prescription.

    `item_ids` has each item of the inventory once, and `quantities` the quantity of each, in the same order.
    """

    dispense_id: UUID
    prescription_id: UUID
    patient_id: UUID
    item_ids: list[UUID]
    quantities: list[int]
    dispensed_at: datetime
    example = {
        "dispense_id": "01919c5e-0000-7000-8000-0000000000b5",
        "prescription_id": "01919c5e-0000-7000-8000-0000000000b1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "item_ids": ["01919c5e-0000-7000-8000-0000000000d1"],
        "quantities": [21],
        "dispensed_at": "2026-11-23T09:00:00+00:00",
    }


class DispenseDeclined(Event, service="clinical", subject="prescription_id", heard_by=("notify.on_dispense_declined",)):
    """A pharmacist has declined to dispense a prescription. Its doctor decides what to do."""

    prescription_id: UUID
    patient_id: UUID
    doctor_id: UUID
    example = {
        "prescription_id": "01919c5e-0000-7000-8000-0000000000b1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
    }
