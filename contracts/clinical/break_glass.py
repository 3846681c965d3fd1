"""Break-glass: a doctor opens a chart in an emergency, and an admin reviews it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict, Forbidden, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.clinical.assignments import ADMIN, DOCTOR_NAME
from contracts.clinical.care import DOCTOR
from contracts.clinical.patients import THE_PATIENT
from contracts.refusals import NO_SUCH_PATIENT
from contracts.texts import VISIBLE, Reason
from records.fields import Facts

ALREADY_IN_CARE = Refusal(
    Conflict,
    "already_in_care",
    "You treat this patient already, so the chart is open to you.",
    "The doctor has a care relation, an assignment or an open break-glass access to this patient.",
)
ALREADY_REVIEWED = Refusal(
    Conflict, "already_reviewed", "An admin has reviewed this access already.", "Each access is reviewed once."
)
NO_SUCH_OPENING = Refusal(NotFound, "not_found", "There is no such access.")
OWN_OPENING = Refusal(
    Forbidden, "own_opening", "Another admin must review your access.", "Admins cannot review their own access."
)
COMMENT = Facts(example="The patient was unconscious.")
Comment = Annotated[str, validate.Length(1, 500), VISIBLE, COMMENT]
PATIENT_NAME = Annotated[str, Facts(example="Asha Rao")]


class BreakGlassView(View):
    """An emergency access of a doctor to a chart. `reviewed_at` is null until an admin has reviewed it."""

    id: UUID
    patient_id: UUID
    doctor_id: UUID
    reason: str
    opened_at: datetime
    until: datetime
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    review_comment: Annotated[str, COMMENT] | None


class OpeningView(BreakGlassView):
    """An emergency access with the names of the doctor and the patient, for admins."""

    doctor_name: DOCTOR_NAME | None
    patient_name: PATIENT_NAME | None


class BreakGlass(
    Command,
    service="clinical",
    roles=DOCTOR,
    returns=BreakGlassView,
    refuses=(ALREADY_IN_CARE, NO_SUCH_PATIENT),
):
    """Open a chart in an emergency, for two hours. Admins are notified, and review the access."""

    patient_id: Annotated[UUID, THE_PATIENT]
    reason: Reason


class ReviewBreakGlass(
    Command,
    service="clinical",
    roles=ADMIN,
    returns=BreakGlassView,
    refuses=(ALREADY_REVIEWED, NO_SUCH_OPENING, OWN_OPENING),
):
    """Review an emergency access to a chart."""

    break_glass_id: Annotated[UUID, "The access."]
    comment: Comment | None = None


class ListBreakGlass(PageQuery, service="clinical", roles=ADMIN, returns=page_of(OpeningView)):
    """List emergency accesses to charts, newest first."""

    reviewed: Annotated[bool, "Only accesses that were, or were not, reviewed."] | None = None


class ChartOpenedByBreakGlass(
    Event,
    service="clinical",
    subject="break_glass_id",
    heard_by=("notify.on_chart_opened_by_break_glass",),
):
    """A doctor without a care relation has opened a chart in an emergency. Admins are notified."""

    break_glass_id: UUID
    patient_id: UUID
    doctor_id: UUID
    until: datetime
    example = {
        "break_glass_id": "01919c5e-0000-7000-8000-0000000000c1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
        "until": "2026-11-23T11:00:00+00:00",
    }
