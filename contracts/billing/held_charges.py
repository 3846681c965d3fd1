"""Held charges: lines of invoices that wait for a price."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from chassis.contract import PageQuery, View, page_of
from contracts.audit import ADMINS
from contracts.billing.invoices import CODED, NAMED

UNKNOWN = "The code that needs a price; null while the specialization of the doctor is unknown."


class HeldChargeView(View):
    """A line without a price. A price from `visit_on` or an earlier day bills it."""

    line_id: int
    invoice_id: UUID
    patient_id: UUID
    code: Annotated[str | None, CODED, UNKNOWN]
    name: Annotated[str, NAMED]
    quantity: int
    visit_on: Annotated[date, "The day of the charge in the hospital's time zone."]
    created_at: datetime


class ListHeldCharges(PageQuery, service="billing", roles=ADMINS, returns=page_of(HeldChargeView)):
    """List the lines of drafts that wait for a price, oldest first."""
