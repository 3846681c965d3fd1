"""Refill requests: patients ask for the next fill of a prescription, and its prescriber decides."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.clinical.care import DOCTOR
from contracts.clinical.medicines import MEDICATION_FINDINGS, MEDICATION_UNCHECKED, ChecksView
from contracts.clinical.patients import THE_PATIENT
from contracts.clinical.prescriptions import (
    PRESCRIPTION_ENDED,
    THE_PRESCRIPTION,
    Overrides,
    PrescribedItemView,
    UncheckedReason,
)
from contracts.refusals import REASON_REQUIRED
from contracts.roles import Role
from contracts.texts import VISIBLE, Reason

PATIENT = frozenset({Role.PATIENT})
NO_SUCH_REFILL_REQUEST = Refusal(NotFound, "not_found", "There is no such refill request.")
NEVER_DISPENSED = Refusal(
    Conflict,
    "never_dispensed",
    "Nothing of this prescription was dispensed yet.",
    "The first fill needs no request: the pharmacy dispenses it.",
)
NO_REFILLS_LEFT = Refusal(
    Conflict,
    "no_refills_left",
    "The prescription has no refills left.",
    "The patient needs a new prescription: book an appointment.",
)
REFILL_REQUESTED = Refusal(
    Conflict,
    "refill_requested",
    "A refill of this prescription is already requested.",
    "A prescription has one open refill request at a time: `request_id` names it.",
)
REFILL_DECIDED = Refusal(
    Conflict, "refill_decided", "The refill request is {status}.", "The refill request has already ended: see `status`."
)


class RefillStatus(StrEnum):
    """The states of a refill request."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DENIED = "denied"
    NEEDS_VISIT = "needs_visit"
    EXPIRED = "expired"


class RefillOutcome(StrEnum):
    """The states in which a refill request ends."""

    APPROVED = "approved"
    DENIED = "denied"
    NEEDS_VISIT = "needs_visit"
    EXPIRED = "expired"


class RefillDecision(StrEnum):
    """The decisions of a doctor about a refill request."""

    APPROVE = "approve"
    DENY = "deny"
    NEEDS_VISIT = "needs_visit"


class RefillRequestView(View):
    """A refill request. It expires 14 days after the request, and when its prescription ends."""

    id: UUID
    prescription_id: UUID
    patient_id: UUID
    doctor_id: Annotated[UUID, "The prescriber."]
    status: RefillStatus
    note: str | None
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: Annotated[UUID | None, "The doctor; null if the request expired."]
    decided_by_name: str | None
    reason: Annotated[str | None, "The reason of the decision."]
    renewed_id: Annotated[UUID | None, "The new prescription of an approved request."]


class RefillDecisionView(RefillRequestView):
    """A decided refill request. An approval has the check of its medicines."""

    checks: ChecksView | None


class RefillTaskView(RefillRequestView):
    """A refill request as its doctor sees it, with the patient and the medicines."""

    patient_name: str | None
    birth_date: date | None
    mrn: str | None
    items: list[PrescribedItemView]


class RequestRefill(
    Command,
    service="clinical",
    roles=PATIENT,
    returns=RefillRequestView,
    refuses=(PRESCRIPTION_ENDED, NEVER_DISPENSED, NO_REFILLS_LEFT, REFILL_REQUESTED),
):
    """Ask the prescriber for the next fill of an own, active prescription.

    At least one fill must have been dispensed, and refills must be left. If the prescriber has left the hospital, the
    doctors who treat the patient decide.
    """

    prescription_id: Annotated[UUID, THE_PRESCRIPTION]
    patient_id: Annotated[UUID, THE_PATIENT]
    note: Annotated[str, validate.Length(1, 500), VISIBLE] | None = None


class ListMyRefillRequests(PageQuery, service="clinical", roles=PATIENT, returns=page_of(RefillRequestView)):
    """List the caller's own refill requests, newest first."""

    patient_id: Annotated[UUID, THE_PATIENT]


class ListRefillRequests(PageQuery, service="clinical", roles=DOCTOR, returns=page_of(RefillTaskView), audited=True):
    """List refill requests that the caller decides about, oldest first: those of own prescriptions.

    If the prescriber has left the hospital, the request is listed for each doctor who treats the patient. Each patient
    sees the reading.
    """

    doctor_id: Annotated[UUID, "The doctor."]
    status: Annotated[RefillStatus, "Only requests in this state."] = RefillStatus.REQUESTED


class DecideRefill(
    Command,
    service="clinical",
    roles=DOCTOR,
    returns=RefillDecisionView,
    refuses=(
        REFILL_DECIDED,
        REASON_REQUIRED,
        PRESCRIPTION_ENDED,
        NO_REFILLS_LEFT,
        MEDICATION_FINDINGS,
        MEDICATION_UNCHECKED,
    ),
):
    """Decide about a refill request. A denial requires a reason.

    An approval renews: a new prescription of the items with refills left supersedes the former one. Its first fill
    takes one of these refills. The items are checked as by `Prescribe`.
    """

    request_id: Annotated[UUID, "The refill request."]
    decision: RefillDecision
    reason: Reason | None = None
    overrides: Overrides = []
    unchecked_reason: UncheckedReason = None


class RefillRequested(Event, service="clinical", subject="refill_id", heard_by=("notify.on_refill_requested",)):
    """A patient has asked for a refill.

    `recipient_ids` is the prescriber. If the prescriber has left the hospital, it lists the doctors who treat the
    patient.
    """

    refill_id: UUID
    prescription_id: UUID
    patient_id: UUID
    recipient_ids: list[UUID]
    example = {
        "refill_id": "01919c5e-0000-7000-8000-0000000000b7",
        "prescription_id": "01919c5e-0000-7000-8000-0000000000b1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "recipient_ids": ["01919c5e-0000-7000-8000-000000000002"],
    }


class RefillDecided(Event, service="clinical", subject="refill_id", heard_by=("notify.on_refill_decided",)):
    """A refill request was approved, denied or answered with a visit, or it expired.

    `renewed_id` is the new prescription of an approved request. `recipient_ids` are the doctors of a request that
    expired without a decision.
    """

    refill_id: UUID
    prescription_id: UUID
    patient_id: UUID
    status: RefillOutcome
    renewed_id: UUID | None
    recipient_ids: list[UUID]
    example = {
        "refill_id": "01919c5e-0000-7000-8000-0000000000b7",
        "prescription_id": "01919c5e-0000-7000-8000-0000000000b1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "status": "approved",
        "renewed_id": "01919c5e-0000-7000-8000-0000000000b2",
        "recipient_ids": [],
    }
