"""Critical alerts: a critical laboratory result reaches a doctor, or more and more people until a doctor acknowledges.

At once the ordering doctor, after 15 minutes also the other treating doctors, after 30 minutes the admins.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.clinical.care import DOCTOR
from contracts.clinical.lab_catalogue import CODE, NAME, UNIT, LabFlag, LabValue
from contracts.roles import Role
from contracts.texts import VISIBLE
from records.fields import Facts

FLAG, COMMENT = Facts(example="critical_high"), Facts(example="Read back by phone.")
DOCTOR_NAME = Facts(example="Dr Lena Weiss")
VALUE = Facts(description="The critical value.", example=6.8)
NO_SUCH_CRITICAL_RESULT = Refusal(NotFound, "not_found", "There is no such critical result.")
ALREADY_ACKNOWLEDGED = Refusal(
    Conflict,
    "already_acknowledged",
    "This critical result has been acknowledged already.",
    "`acknowledged_by` and `acknowledged_at` name the doctor and the time.",
)


class CriticalStep(StrEnum):
    """The steps of the ladder, named after the notified people."""

    ORDERING_DOCTOR = "ordering_doctor"
    TREATING_DOCTORS = "treating_doctors"
    ADMINS = "admins"


class CriticalAlertStatus(StrEnum):
    """The states of an alert. `superseded`: the result was corrected or withdrawn."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SUPERSEDED = "superseded"


class AcknowledgedHow(StrEnum):
    """How the doctor learned of the result."""

    READ_BACK = "read_back"
    REACHED_WITHOUT_READ_BACK = "reached_without_read_back"
    UNABLE_TO_REACH = "unable_to_reach"


class AcknowledgementView(View):
    """The acknowledgement of a critical result, with the value as the doctor saw it."""

    id: UUID
    alert_id: UUID
    result_id: UUID
    result_version: int
    how: AcknowledgedHow
    comment: Annotated[str, COMMENT] | None
    test: Annotated[str, CODE]
    name: Annotated[str, NAME]
    value: Annotated[LabValue, VALUE]
    unit: Annotated[str, UNIT]
    flag: Annotated[LabFlag, FLAG]
    acknowledged_by: UUID
    acknowledged_at: datetime


class CriticalAlertView(View):
    """An open alert, with what a doctor needs to act on it."""

    id: UUID
    result_id: UUID
    result_version: int
    order_id: UUID
    patient_id: UUID
    patient_name: Annotated[str, Facts(example="Asha Rao")] | None
    mrn: str | None
    test: Annotated[str, CODE]
    name: Annotated[str, NAME]
    value: Annotated[LabValue, VALUE]
    unit: Annotated[str, UNIT]
    flag: Annotated[LabFlag, FLAG]
    step: Annotated[CriticalStep, "The last step of the ladder."]
    raised_at: datetime


class CriticalAlertStateView(View):
    """An alert as an admin sees it: who must be reached since when, without the finding."""

    id: UUID
    result_id: UUID
    order_id: UUID
    patient_id: UUID
    doctor_id: Annotated[UUID | None, "The ordering doctor; null for results of an outside laboratory."]
    doctor_name: Annotated[str, DOCTOR_NAME] | None
    status: CriticalAlertStatus
    step: CriticalStep
    raised_at: datetime
    closed_at: datetime | None


class AcknowledgeLabResult(
    Command, service="clinical", roles=DOCTOR, returns=AcknowledgementView, refuses=(ALREADY_ACKNOWLEDGED,)
):
    """Acknowledge a critical result, as its ordering doctor or as a treating doctor. The ladder stops."""

    result_id: Annotated[UUID, "The critical result."]
    how: AcknowledgedHow
    comment: Annotated[str, validate.Length(1, 1000), VISIBLE, COMMENT] | None = None


class ListMyCriticalAlerts(
    PageQuery, service="clinical", roles=DOCTOR, returns=page_of(CriticalAlertView), audited=True
):
    """List the open alerts about results that the doctor ordered, and about patients in the doctor's care."""

    doctor_id: UUID


class ListCriticalAlerts(
    PageQuery, service="clinical", roles=frozenset({Role.ADMIN}), returns=page_of(CriticalAlertStateView)
):
    """List all alerts in a state, newest first, without findings."""

    status: Annotated[CriticalAlertStatus, "The state of the alerts."] = CriticalAlertStatus.OPEN


class CriticalEscalated(Event, service="clinical", subject="result_id", heard_by=("notify.on_critical_escalated",)):
    """A critical result takes the next step of its ladder, because no doctor has acknowledged it.

    `recipient_ids` are the doctors to notify. The step `admins` names none: it is for all admins.
    """

    alert_id: UUID
    result_id: UUID
    order_id: UUID
    patient_id: UUID
    step: CriticalStep
    recipient_ids: list[UUID]
    raised_at: datetime
    example = {
        "alert_id": "01919c5e-0000-7000-8000-0000000000d5",
        "result_id": "01919c5e-0000-7000-8000-0000000000d2",
        "order_id": "01919c5e-0000-7000-8000-0000000000d1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "step": "treating_doctors",
        "recipient_ids": ["01919c5e-0000-7000-8000-000000000002"],
        "raised_at": "2026-11-23T09:00:00+00:00",
    }
