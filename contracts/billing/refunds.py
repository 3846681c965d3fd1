"""Refunds: the desk asks, an admin decides, and the provider that took the money pays it back."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import PageQuery, View, page_of
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.roles import Role
from records.fields import Facts

REFUND_DECIDED = Refusal(
    Conflict,
    "refund_decided",
    "The refund is {status}.",
    "The refund has been decided already; see `status`.",
)


class RefundStatus(StrEnum):
    """The states of a refund. An approved refund waits for the provider."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    COMPLETED = "completed"
    FAILED = "failed"


class RefundView(View):
    """A refund of a payment."""

    id: UUID
    payment_id: UUID
    invoice_id: UUID
    patient_id: UUID
    amount_minor: int
    currency: str
    still_owed: Annotated[bool, "Whether the patient owes the amount again."]
    reason: Annotated[str, Facts(example="Paid twice at the desk.")]
    status: RefundStatus
    requested_by: UUID
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_reason: str | None
    finished_at: datetime | None


class ListRefunds(
    PageQuery, service="billing", roles=frozenset({Role.ADMIN, Role.RECEPTIONIST}), returns=page_of(RefundView)
):
    """List refunds, newest first. Filter: the state."""

    status: Annotated[RefundStatus, "Only refunds in this state."] | None = None
