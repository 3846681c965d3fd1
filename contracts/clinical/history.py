"""The history of a patient: a timeline of everything that was recorded."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import View, page_of
from contracts.clinical.care import CARERS
from contracts.clinical.patients import THE_PATIENT
from contracts.ranges import TimedQuery
from contracts.roles import Role
from contracts.several import Choices
from records.fields import Facts


class HistoryKind(StrEnum):
    """The kinds of entries of a patient's history."""

    DIAGNOSIS = "diagnosis"
    TREATMENT = "treatment"
    PROCEDURE = "procedure"
    NURSING_NOTE = "nursing_note"
    ALLERGY = "allergy"
    CONDITION = "condition"
    VITALS = "vitals"
    OXYGEN_TARGET = "oxygen_target"
    PRESCRIPTION = "prescription"
    DISPENSE = "dispense"
    LAB_ORDER = "lab_order"
    LAB_RESULT = "lab_result"
    CRITICAL_LIMIT = "critical_limit"
    ATTACHMENT = "attachment"


class HistoryEntryView(View):
    """A version of a record in a patient's history.

    `id` names the record in all its versions. A version that is not `is_current` was amended or entered in error.
    `details` depend on the kind. `author_name` is null for entries of the system.
    """

    kind: HistoryKind
    id: UUID
    version: int
    is_current: bool
    at: datetime
    title: Annotated[str, Facts(example="Asthma")]
    details: Annotated[dict[str, object], Facts(example={"status": "active"})]
    author_id: UUID | None
    author_name: Annotated[str, Facts(example="Dr Lena Weiss")] | None


class HistoryQuery(TimedQuery):
    """Base of the queries for a patient's history, newest first."""

    patient_id: Annotated[UUID, THE_PATIENT]
    kind: Annotated[list[HistoryKind], Choices] | None = None


class GetMyHistory(
    HistoryQuery, service="clinical", roles=frozenset({Role.PATIENT}), returns=page_of(HistoryEntryView)
):
    """List the patient's own history, newest first: notes, vitals, medicines, results and everything else."""


class GetHistoryOfPatient(
    HistoryQuery, service="clinical", roles=CARERS, returns=page_of(HistoryEntryView), audited=True
):
    """List the history of a patient, newest first. Nurses read all patients, doctors the patients in their care."""
