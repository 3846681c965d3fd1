"""Assignments: an admin gives a doctor the care of a patient."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.refusals import Refusal
from contracts.clinical.patients import THE_PATIENT
from contracts.roles import Role
from contracts.texts import Reason
from records.fields import Facts

ADMIN = frozenset({Role.ADMIN})
ALREADY_ASSIGNED = Refusal(
    Conflict,
    "already_assigned",
    "The doctor has this patient already.",
    "The doctor has an assignment to this patient that has not ended.",
)
NO_SUCH_ASSIGNMENT = Refusal(NotFound, "not_found", "There is no such assignment.")
NO_SUCH_DOCTOR = Refusal(NotFound, "not_found", "There is no such doctor.")
DOCTOR_NAME = Annotated[str, Facts(example="Dr Lena Weiss")]


class AssignmentView(View):
    """The care of a patient that an admin gave to a doctor. `ended_at` is null while it lasts."""

    id: UUID
    patient_id: UUID
    doctor_id: UUID
    doctor_name: DOCTOR_NAME | None
    reason: str | None
    assigned_by: UUID
    assigned_at: datetime
    ended_at: datetime | None


class AssignDoctor(
    Command, service="clinical", roles=ADMIN, returns=AssignmentView, refuses=(ALREADY_ASSIGNED, NO_SUCH_DOCTOR)
):
    """Give a doctor the care of a patient. The doctor can open the chart until an admin ends the assignment."""

    patient_id: Annotated[UUID, THE_PATIENT]
    doctor_id: Annotated[UUID, "The doctor."]
    reason: Reason | None = None


class EndAssignment(Command, service="clinical", roles=ADMIN, returns=AssignmentView, refuses=(NO_SUCH_ASSIGNMENT,)):
    """End an assignment. A repetition changes nothing."""

    patient_id: Annotated[UUID, THE_PATIENT]
    assignment_id: Annotated[UUID, "The assignment."]


class ListAssignments(PageQuery, service="clinical", roles=ADMIN, returns=page_of(AssignmentView)):
    """List the assignments of a patient, newest first, with those that have ended."""

    patient_id: Annotated[UUID, THE_PATIENT]
