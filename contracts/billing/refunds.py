"""Refunds: the desk asks, an admin decides, and the provider that took the money pays it back."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.refusals import Refusal
from contracts.audit import ADMINS
from contracts.billing.payments import PaymentEvent
from contracts.roles import DESK
from contracts.texts import Reason
from records.fields import Facts

MORE_THAN_REFUNDABLE = Refusal(
    Conflict,
    "more_than_refundable",
    "The amount is larger than the rest of the payment.",
    "The amount is larger than the rest of the payment that can be refunded, which is in `refundable_minor`. "
    "Requested, approved and completed refunds count.",
)
NO_SUCH_PAYMENT = Refusal(NotFound, "not_found", "There is no such payment.")
NO_SUCH_REFUND = Refusal(NotFound, "not_found", "There is no such refund.")
NOT_REFUNDABLE = Refusal(
    Conflict,
    "not_refundable",
    "The payment cannot be refunded.",
    "Only a succeeded payment can be refunded; see `state`. An admin settles an unapplied payment as an odd payment.",
)
OWN_REFUND = Refusal(
    Conflict,
    "own_refund",
    "Another person must decide on your own request.",
    "The person who requested the refund must not decide on it.",
)

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


class RequestRefund(
    Command, service="billing", roles=DESK, returns=RefundView, refuses=(NOT_REFUNDABLE, MORE_THAN_REFUNDABLE)
):
    """Request that a payment is paid back, fully or in part. Another person, an admin, decides.

    The amount is reserved at once, so that all requests together never exceed the payment.
    """

    payment_id: UUID
    amount: Annotated[int, validate.Range(min=1), "Minor units; by default the rest that can be refunded."] | None = (
        None
    )
    reason: Reason
    still_owed: Annotated[bool, "Whether the patient owes the amount again, for instance to pay in another way."] = (
        False
    )


class DecideRefund(
    Command, service="billing", roles=ADMINS, returns=RefundView, deadline=15.0, refuses=(REFUND_DECIDED, OWN_REFUND)
):
    """Approve or reject a requested refund. The provider that took the money pays it back.

    The status of the reply is `completed`, `rejected` or `failed`. It is `approved` while the provider has not
    confirmed the refund; then Matron asks the provider again until it does.
    """

    refund_id: Annotated[UUID, "The refund."]
    decision: Literal["approve", "reject"]
    reason: Reason


class ListRefunds(PageQuery, service="billing", roles=DESK, returns=page_of(RefundView)):
    """List refunds, newest first. Filter: the state."""

    status: Annotated[RefundStatus, "Only refunds in this state."] | None = None


class RefundCompleted(PaymentEvent, service="billing", subject="payment_id", heard_by=("notify.on_refund_completed",)):
    """The provider has paid the money back, or the desk has."""

    refund_id: UUID
    example = {"refund_id": "01919c5e-0000-7000-8000-0000000000e1", **PaymentEvent.example}
