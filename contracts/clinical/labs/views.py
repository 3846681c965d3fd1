"""Views of laboratory orders and results."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from chassis.contract import View
from contracts.clinical.lab_catalogue import LabFlag, LabValue
from contracts.clinical.labs.states import LabPriority, LabStatus, ResultStatus
from contracts.clinical.patients import Sex
from records.fields import Facts

CODE = Facts(description="The LOINC code of the test.", example="2823-3")
NAME = Facts(example="Potassium")
UNIT = Facts(description="The UCUM unit.", example="mmol/L")
ACCESSION = Facts(description="The number on the label of the specimen.", example="L-00000042")
PERSON = Facts(example="Lena Vogt")
COMMENT = Facts(example="The specimen was slightly icteric.")
OUTSIDE = Facts(description="The outside laboratory.", example="Central Laboratory")
KIND = Facts(description="The specimen that the test needs.", example="serum or plasma")


class DeltaView(View):
    """A change since the previous result that is unusually large. Verification must confirm it."""

    previous_value: LabValue
    previous_at: datetime
    change: LabValue
    percent: Annotated[LabValue, "Percent of the previous value; null if that was zero."] | None


class LabResultView(View):
    """One version of a result. `low` and `high` bound the reference range for this patient.

    `revision` equals `version`. `reason` is why a value was corrected or withdrawn. `observed_at` is the time of the
    collection.
    """

    id: UUID
    version: int
    order_id: UUID
    test: Annotated[str, CODE]
    name: Annotated[str, NAME]
    value: LabValue
    unit: Annotated[str, UNIT]
    low: LabValue | None
    high: LabValue | None
    flag: LabFlag
    delta: DeltaView | None
    status: ResultStatus
    comment: Annotated[str, COMMENT] | None
    reason: str | None
    report_id: UUID | None
    observed_at: datetime
    recorded_at: datetime
    author_id: UUID
    author_name: Annotated[str, PERSON] | None
    verified_at: datetime | None
    verified_by: UUID | None
    verifier_name: Annotated[str, PERSON] | None
    revision: int


class OrderedTestView(View):
    """One test of an order. A value leaves the laboratory only after verification; until then `result` is null."""

    id: UUID
    order_id: UUID
    test: Annotated[str, CODE]
    name: Annotated[str, NAME]
    specimen: Annotated[str, KIND]
    status: LabStatus
    accession: Annotated[str, ACCESSION] | None
    result: LabResultView | None


class LabOrderView(View):
    """An order of laboratory tests. Only results of an outside `laboratory` have no ordering doctor."""

    id: UUID
    patient_id: UUID
    doctor_id: UUID | None
    doctor_name: Annotated[str, PERSON] | None
    priority: LabPriority
    reason: str | None
    laboratory: Annotated[str, OUTSIDE] | None
    status: LabStatus
    status_reason: str | None
    tests: list[OrderedTestView]
    ordered_at: datetime
    revision: int


class LabPatientView(View):
    """The facts by which a technician identifies the patient of a specimen."""

    id: UUID
    name: str
    mrn: str
    birth_date: date | None
    sex: Sex


class LabWorkView(LabOrderView):
    """An order as the laboratory sees it."""

    patient: Annotated[LabPatientView, "Null until the patient's record has arrived."] | None


class SpecimenView(View):
    """A specimen of an order, by its accession number. `revision` is that of the order."""

    order_id: UUID
    accession: Annotated[str, ACCESSION]
    specimen: Annotated[str, KIND]
    status: LabStatus
    order_status: LabStatus
    revision: int


class LabResultsView(View):
    """The results that were stored together, and their order."""

    order_id: UUID
    status: LabStatus
    results: list[LabResultView]
    revision: int


class MyLabTestView(OrderedTestView):
    """A test of the patient, pending or with its verified result."""

    doctor_name: Annotated[str, PERSON] | None
    ordered_at: datetime
