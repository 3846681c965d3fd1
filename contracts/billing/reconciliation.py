"""Reconciliation: the payments and refunds of a day here, compared with the list of their provider."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import PageQuery, View, page_of
from contracts.audit import ADMINS
from contracts.billing.payments import Provider


class DifferenceKind(StrEnum):
    """The kinds of difference between our records and the provider's list."""

    MISSING_HERE = "missing_here"
    """The provider lists a payment or refund that is not recorded here."""
    MISSING_THERE = "missing_there"
    """A payment or refund is recorded here, and the provider does not list it."""
    AMOUNT = "amount"
    """Both list it, with different amounts or currencies."""


class DifferenceView(View):
    """A difference. Nothing is corrected by itself: an admin looks at the provider's dashboard."""

    kind: DifferenceKind
    provider_payment_id: str
    provider_refund_id: Annotated[str | None, "Set for a refund."]
    payment_id: UUID | None
    ours_minor: int | None
    theirs_minor: int | None
    currency: str


class ReconciliationView(View):
    """The comparison of one day, in UTC, with one provider."""

    id: UUID
    provider: Provider
    day: date
    compared: Annotated[int, "The number of payments and refunds that both list."]
    differences: list[DifferenceView]
    at: datetime


class ListReconciliations(PageQuery, service="billing", roles=ADMINS, returns=page_of(ReconciliationView)):
    """List the daily comparisons with the payment providers, newest first."""

    provider: Annotated[Provider, "Only this provider."] | None = None
    only_differences: Annotated[bool, "Only days with a difference."] = False
