"""Events of the laboratory. They contain ids and states, no values and no flags."""

from datetime import datetime
from uuid import UUID

from chassis.event import Event
from contracts.clinical.labs.states import LabPriority

PATIENT, DOCTOR = "01919c5e-0000-7000-8000-000000000001", "01919c5e-0000-7000-8000-000000000002"
ORDER, RESULT = "01919c5e-0000-7000-8000-0000000000d1", "01919c5e-0000-7000-8000-0000000000d2"


class LabOrderEvent(Event):
    """The facts that every event about an order carries. `doctor_id` is null for results of an outside laboratory."""

    order_id: UUID
    patient_id: UUID
    doctor_id: UUID | None
    example = {"order_id": ORDER, "patient_id": PATIENT, "doctor_id": DOCTOR}


class LabOrdered(LabOrderEvent, service="clinical", subject="order_id", for_outside=True):
    """A doctor has ordered laboratory tests."""

    priority: LabPriority
    example = {**LabOrderEvent.example, "priority": "urgent"}


class LabSampleRejected(
    LabOrderEvent, service="clinical", subject="order_id", heard_by=("notify.on_lab_sample_rejected",)
):
    """The laboratory has rejected a specimen: a new collection is needed."""


class LabResultReady(LabOrderEvent, service="clinical", subject="order_id", heard_by=("notify.on_lab_result_ready",)):
    """Results of an order are verified. `is_complete` is false while other results of the order are pending."""

    result_ids: list[UUID]
    is_complete: bool
    example = {**LabOrderEvent.example, "result_ids": [RESULT], "is_complete": True}


class LabTestsPerformed(
    Event, service="clinical", subject="order_id", internal=True, heard_by=("billing.on_lab_tests_performed",)
):
    """The hospital's laboratory has verified results for the first time. Internal, because it names the tests."""

    order_id: UUID
    patient_id: UUID
    tests: list[str]
    performed_at: datetime
    example = {
        "order_id": ORDER,
        "patient_id": PATIENT,
        "tests": ["2823-3"],
        "performed_at": "2026-11-23T13:30:00+00:00",
    }


class LabResultEvent(LabOrderEvent):
    """The facts that every event about one version of a result carries."""

    result_id: UUID
    version: int
    example = {**LabOrderEvent.example, "result_id": RESULT, "version": 3}


class LabResultCorrected(
    LabResultEvent, service="clinical", subject="result_id", heard_by=("notify.on_lab_result_corrected",)
):
    """A verified result has a corrected value."""


class LabResultCritical(
    LabResultEvent, service="clinical", subject="result_id", heard_by=("notify.on_lab_result_critical",)
):
    """A verified or corrected result is critical: a doctor must acknowledge it."""
