"""Odd payments: money, or messages about money, that fit no open payment. An admin settles each."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.refusals import Refusal
from contracts.audit import ADMINS
from contracts.billing.payments import (
    MORE_THAN_OPEN,
    NOTHING_TO_PAY,
    PROVIDER_DOWN,
    PROVIDER_REFUSED,
    PROVIDER_UNAVAILABLE,
)
from contracts.texts import Reason

NO_SUCH_ODD_PAYMENT = Refusal(NotFound, "not_found", "There is no such odd payment.")
ODD_PAYMENT_SETTLED = Refusal(
    Conflict,
    "odd_payment_settled",
    "The odd payment is settled.",
    "An admin has settled it already; see `settlement`.",
)
CANNOT_SETTLE_SO = Refusal(
    Conflict,
    "cannot_settle_so",
    "The odd payment cannot be settled in this way.",
    "Only received money can be refunded or applied, and only in the currency of its invoice. Dismiss it otherwise.",
)


class OddKind(StrEnum):
    """The reasons why money, or a message about it, is odd."""

    OVERPAYMENT = "overpayment"
    """More than the open amount, for instance a second payment of the invoice."""
    WRONG_AMOUNT = "wrong_amount"
    """Less or more than the payment asked for."""
    WRONG_CURRENCY = "wrong_currency"
    UNKNOWN_REFERENCE = "unknown_reference"
    """The reference is of no payment here."""
    UNRESOLVED = "unresolved"
    """The provider has not decided within seven days."""
    UNKNOWN_REFUND = "unknown_refund"
    """Money was paid back at the provider without a refund here."""
    REFUND_NEEDS_ATTENTION = "refund_needs_attention"
    """The provider waits for an action before it pays back."""
    DISPUTE = "dispute"
    """The payer disputes the payment at the bank."""


class Settlement(StrEnum):
    """The ways to settle an odd payment."""

    REFUND = "refund"
    APPLY = "apply"
    DISMISS = "dismiss"


class OddPaymentView(View):
    """Money, or a message about money, that changed no invoice."""

    id: UUID
    provider: str
    kind: OddKind
    payment_id: UUID | None
    reference: str | None
    provider_payment_id: str | None
    amount_minor: int | None
    currency: str | None
    at: datetime
    settlement: Settlement | None
    settled_by: UUID | None
    settled_at: datetime | None
    reason: str | None


class ListOddPayments(PageQuery, service="billing", roles=ADMINS, returns=page_of(OddPaymentView)):
    """List odd payments that wait for an admin, newest first, or those that are settled."""

    settled: Annotated[bool, "Whether to list those that are settled."] = False


class SettleOddPayment(
    Command,
    service="billing",
    roles=ADMINS,
    returns=OddPaymentView,
    deadline=15.0,
    refuses=(
        ODD_PAYMENT_SETTLED,
        CANNOT_SETTLE_SO,
        MORE_THAN_OPEN,
        NOTHING_TO_PAY,
        PROVIDER_UNAVAILABLE,
        PROVIDER_DOWN,
        PROVIDER_REFUSED,
    ),
):
    """Settle an odd payment: pay the money back, apply it to its invoice, or dismiss it with a reason."""

    odd_payment_id: Annotated[UUID, "The odd payment."]
    settlement: Settlement
    reason: Reason
