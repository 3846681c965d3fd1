"""Commands of the laboratory."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, View
from contracts.clinical.attachments import StoredFileView, without_object
from contracts.clinical.care import DOCTOR, LAB_TECHNICIAN
from contracts.clinical.lab_catalogue import (
    ABSURD_VALUE,
    CATALOGUE_UNAVAILABLE,
    UNKNOWN_TEST,
    WRONG_UNIT,
    LabValue,
    TestCode,
)
from contracts.clinical.labs.refusals import (
    DELTAS_UNCONFIRMED,
    NOT_COLLECTED,
    NOT_RECEIVED,
    NOT_RESULTED,
    NOT_TO_COLLECT,
    ORDER_RECEIVED,
    RESULT_WITHDRAWN,
    RESULTS_EXIST,
    SECOND_TECHNICIAN,
    TESTS_NOT_ORDERED,
    WHICH_SPECIMEN,
    WRONG_SPECIMEN,
)
from contracts.clinical.labs.states import LabPriority
from contracts.clinical.labs.views import (
    ACCESSION,
    CODE,
    COMMENT,
    OUTSIDE,
    UNIT,
    LabOrderView,
    LabResultsView,
    LabResultView,
    LabWorkView,
    SpecimenView,
)
from contracts.clinical.patients import THE_PATIENT
from contracts.texts import ONE_LINE, VISIBLE, Reason
from records.fields import Facts

MOST_TESTS = 50
"""The largest number of tests in one order."""
Kind = Annotated[str, validate.Length(1, 50), ONE_LINE, Facts(example="serum")]
Accession = Annotated[str, validate.Length(1, 20), ONE_LINE, ACCESSION]
Comment = Annotated[str, validate.Length(1, 2000), VISIBLE, COMMENT]
THE_ORDER = "The order."
VALUE = Facts(description="The measured value in the unit of the test.", example=4.1)
VALUE_REFUSALS = (UNKNOWN_TEST, WRONG_UNIT, ABSURD_VALUE, CATALOGUE_UNAVAILABLE)
ONE_OF_SEVERAL = "Needed only if the order has several specimens."


class OrderLabTests(
    Command, service="clinical", roles=DOCTOR, returns=LabOrderView, refuses=(UNKNOWN_TEST, CATALOGUE_UNAVAILABLE)
):
    """Order laboratory tests for a patient in the doctor's care."""

    patient_id: Annotated[UUID, THE_PATIENT]
    tests: Annotated[list[TestCode], validate.Length(1, MOST_TESTS), Facts(example=["2823-3"])]
    priority: LabPriority = LabPriority.ROUTINE
    reason: Reason | None = None

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if len(set(self.tests)) < len(self.tests):
            yield "tests", "Must not name a test twice."


class CancelLabOrder(
    Command, service="clinical", roles=DOCTOR, returns=LabOrderView, revised=True, refuses=(ORDER_RECEIVED,)
):
    """Cancel the tests of an order whose specimen the laboratory has not received."""

    order_id: Annotated[UUID, THE_ORDER]
    reason: Reason | None = None


class CollectSpecimen(
    Command,
    service="clinical",
    roles=LAB_TECHNICIAN,
    returns=SpecimenView,
    revised=True,
    refuses=(NOT_TO_COLLECT, WRONG_SPECIMEN),
):
    """Record the collection of a specimen, which gets an accession number."""

    order_id: Annotated[UUID, THE_ORDER]
    specimen: Kind


class ReceiveSpecimen(
    Command,
    service="clinical",
    roles=LAB_TECHNICIAN,
    returns=SpecimenView,
    revised=True,
    refuses=(NOT_COLLECTED, WHICH_SPECIMEN),
):
    """Record that the laboratory has received a collected specimen."""

    order_id: Annotated[UUID, THE_ORDER]
    accession: Annotated[Accession, ONE_OF_SEVERAL] | None = None


class RejectSpecimen(
    Command,
    service="clinical",
    roles=LAB_TECHNICIAN,
    returns=SpecimenView,
    revised=True,
    refuses=(NOT_COLLECTED, WHICH_SPECIMEN),
):
    """Reject an unsuitable specimen, with its unverified results. The ordering doctor is asked for a new collection."""

    order_id: Annotated[UUID, THE_ORDER]
    reason: Reason
    accession: Annotated[Accession, ONE_OF_SEVERAL] | None = None


class MeasuredView(View):
    """A measured value of one test."""

    test: Annotated[TestCode, CODE]
    value: Annotated[LabValue, VALUE]
    unit: Annotated[str, validate.Length(1, 30), ONE_LINE, UNIT]


class UploadLabTest(
    Command,
    service="clinical",
    roles=LAB_TECHNICIAN,
    returns=LabResultsView,
    revised=True,
    refuses=(TESTS_NOT_ORDERED, NOT_RECEIVED, RESULTS_EXIST, *VALUE_REFUSALS),
):
    """Enter results of an order, all at once or in parts, or results of an outside laboratory.

    Results without an order name the patient, the laboratory and the time of the collection.
    """

    order_id: Annotated[UUID, THE_ORDER] | None = None
    patient_id: Annotated[UUID, "The patient, for results without an order."] | None = None
    laboratory: Annotated[str, validate.Length(1, 200), ONE_LINE, OUTSIDE] | None = None
    collected_at: Annotated[datetime, "The collection, for results without an order."] | None = None
    results: Annotated[list[MeasuredView], validate.Length(1, MOST_TESTS)]
    comment: Comment | None = None
    report: Annotated[StoredFileView, "The report as a file: only in a form, beside the part `data`."] | None = None

    @classmethod
    def repeated(cls, payload: Mapping[str, object]) -> Mapping[str, object]:
        """Return the fields that a repeated request must repeat."""
        return without_object(payload, "report")

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if (self.order_id is None) == (self.patient_id is None):
            yield "order_id", "Name either an order, or a patient for results of an outside laboratory."
        for name in ("laboratory", "collected_at"):
            if (getattr(self, name) is None) != (self.patient_id is None):
                yield name, "Belongs to results without an order, which require it."
        if len({result.test for result in self.results}) < len(self.results):
            yield "results", "Must not name a test twice."


class VerifyLabOrder(
    Command,
    service="clinical",
    roles=LAB_TECHNICIAN,
    returns=LabWorkView,
    revised=True,
    refuses=(NOT_RESULTED, DELTAS_UNCONFIRMED, SECOND_TECHNICIAN),
):
    """Verify the results of an order that are not verified yet. Patient and doctor are notified."""

    order_id: Annotated[UUID, THE_ORDER]
    confirmed_deltas: Annotated[
        list[UUID], validate.Length(max=MOST_TESTS), "The ids of results whose unusual change was checked."
    ] = []


class CorrectLabResult(
    Command,
    service="clinical",
    roles=LAB_TECHNICIAN,
    returns=LabResultView,
    revised=True,
    refuses=(RESULT_WITHDRAWN, SECOND_TECHNICIAN, *VALUE_REFUSALS),
):
    """Correct the value of a result, as a new version. After verification, patient and doctor are notified."""

    result_id: Annotated[UUID, "The result."]
    value: Annotated[LabValue, VALUE]
    reason: Reason
