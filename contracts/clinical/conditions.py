"""Conditions (FHIR Condition): chronic illnesses, problems, pregnancies."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, Query, page_of
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.clinical.care import CARERS, DOCTOR
from contracts.clinical.patients import THE_PATIENT, Whole
from contracts.clinical.versions import ALREADY_IN_ERROR, ChangeReason, VersionView
from contracts.texts import VISIBLE
from records.fields import OMITTED, Facts, Omitted

ALREADY_RESOLVED = Refusal(
    Conflict,
    "already_resolved",
    "This condition is resolved already.",
    "The condition is resolved. Amend it to correct the date.",
)
THE_CONDITION = "The condition, in all its versions."
CHANGES = ("text", "code", "status", "onset_on", "resolved_on")
"""The fields of a condition that an amendment may change."""
TEXT = Facts(example="Type 2 diabetes mellitus")
CODE = Facts(description="A code of ICD-10.", example="E11.9")
END = Facts(description="Only for a resolved condition.", **{"x-alone": True})
ONSET = Facts(example="2019-04-01")
Description = Annotated[str, validate.Length(1, 1000), VISIBLE, TEXT]
Code = Annotated[
    str,
    Whole(r"^[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?$", error="Must be a code of ICD-10, such as E11.9."),
    CODE,
]


class ConditionStatus(StrEnum):
    """The states of a condition: the codes of FHIR's condition-clinical, and `entered_in_error`."""

    ACTIVE = "active"
    RECURRENCE = "recurrence"
    RELAPSE = "relapse"
    INACTIVE = "inactive"
    REMISSION = "remission"
    RESOLVED = "resolved"
    ENTERED_IN_ERROR = "entered_in_error"


Status = Annotated[
    ConditionStatus,
    validate.NoneOf([ConditionStatus.ENTERED_IN_ERROR], error="A mistake has its own request, `enter-in-error`."),
]
"""A state that a doctor may set."""


class ConditionView(VersionView):
    """A condition of a patient in one of its versions. Null dates are unknown."""

    status: ConditionStatus
    text: Annotated[str, TEXT]
    code: Annotated[str | None, CODE]
    onset_on: Annotated[date | None, ONSET]
    resolved_on: date | None


class ConditionWithVersionsView(ConditionView):
    """The current version of a condition, and all versions, oldest first."""

    versions: list[ConditionView]


class AddCondition(Command, service="clinical", roles=DOCTOR, returns=ConditionView):
    """Record a condition of a patient in the doctor's care. Dates are not in the future."""

    patient_id: Annotated[UUID, THE_PATIENT]
    text: Description
    code: Code | None = None
    status: Status = ConditionStatus.ACTIVE
    onset_on: Annotated[date | None, ONSET] = None
    resolved_on: Annotated[date | None, END] = None


class ResolveCondition(
    Command,
    service="clinical",
    roles=DOCTOR,
    returns=ConditionView,
    revised=True,
    refuses=(ALREADY_IN_ERROR, ALREADY_RESOLVED),
):
    """Record that a condition is resolved."""

    patient_id: Annotated[UUID, THE_PATIENT]
    condition_id: Annotated[UUID, THE_CONDITION]
    resolved_on: Annotated[date | None, "Defaults to today."] = None
    reason: Annotated[ChangeReason | None, Facts(example="Healed.")] = None


class AmendCondition(
    Command, service="clinical", roles=DOCTOR, returns=ConditionView, revised=True, refuses=(ALREADY_IN_ERROR,)
):
    """Amend a condition by a new version. Omitted fields stay the same; null clears a field.

    A state other than `resolved` clears `resolved_on`.
    """

    patient_id: Annotated[UUID, THE_PATIENT]
    condition_id: Annotated[UUID, THE_CONDITION]
    text: Description | Omitted = OMITTED
    code: Code | Omitted | None = OMITTED
    status: Status | Omitted = OMITTED
    onset_on: Annotated[date | Omitted | None, ONSET] = OMITTED
    resolved_on: Annotated[date | Omitted | None, END] = OMITTED
    reason: ChangeReason

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Require a change."""
        if not self.given().keys() & set(CHANGES):
            yield "reason", "Requires a change of another field."


class EnterConditionInError(
    Command, service="clinical", roles=DOCTOR, returns=ConditionView, revised=True, refuses=(ALREADY_IN_ERROR,)
):
    """Mark a condition as entered in error. It stays readable, struck out."""

    patient_id: Annotated[UUID, THE_PATIENT]
    condition_id: Annotated[UUID, THE_CONDITION]
    reason: ChangeReason


class ListConditions(PageQuery, service="clinical", roles=CARERS, returns=page_of(ConditionView), audited=True):
    """List the conditions of a patient in their current versions, newest first, with those entered in error."""

    patient_id: Annotated[UUID, THE_PATIENT]


class GetCondition(Query, service="clinical", roles=CARERS, returns=ConditionWithVersionsView, audited=True):
    """Get a condition with all its versions."""

    patient_id: Annotated[UUID, THE_PATIENT]
    condition_id: Annotated[UUID, THE_CONDITION]
