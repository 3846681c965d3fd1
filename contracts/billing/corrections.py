"""Corrections of invoices by admins: void, discount and write-off. Money is in minor units."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.audit import ADMINS
from contracts.billing.invoices import LINE_HELD, InvoiceView
from contracts.billing.payments import MORE_THAN_OPEN
from contracts.texts import Reason

INVOICE_HAS_PAYMENTS = Refusal(
    Conflict,
    "invoice_has_payments",
    "The invoice has payments.",
    "The invoice has payments, so it cannot become void. Refund the payments instead.",
)
INVOICE_NOT_OPEN = Refusal(
    Conflict,
    "invoice_not_open",
    "The invoice is {status}.",
    "The state of the invoice does not allow the correction; see `status`.",
)
NOT_AN_INVOICE = Refusal(
    Conflict,
    "not_an_invoice",
    "This is a credit note.",
    "The record is a credit note. Correct the invoice that it names in `corrects_id`.",
)
NOTHING_TO_DISCOUNT = Refusal(
    Conflict,
    "nothing_to_discount",
    "The discount is less than a minor unit.",
    "The percentage of this invoice is less than a minor unit.",
)
INVOICE = "The invoice."
DISCOUNT = "The discount before tax, in minor units."
PERCENT = "The discount as a percentage of the amount before tax that is still charged."


class VoidInvoice(
    Command,
    service="billing",
    roles=ADMINS,
    returns=InvoiceView,
    refuses=(NOT_AN_INVOICE, INVOICE_HAS_PAYMENTS, INVOICE_NOT_OPEN),
):
    """Void a draft, or an issued invoice without payments. The patient owes nothing for it."""

    invoice_id: Annotated[UUID, INVOICE]
    reason: Reason


class DiscountInvoice(
    Command,
    service="billing",
    roles=ADMINS,
    returns=InvoiceView,
    refuses=(NOT_AN_INVOICE, LINE_HELD, MORE_THAN_OPEN, NOTHING_TO_DISCOUNT),
):
    """Lower an invoice by an amount before tax or a percentage, spread over its lines. Their tax falls with them.

    The lines of a draft change. An issued invoice stays unchanged: a credit note with negative lines corrects it.
    A discount with its tax is never more than the open amount.
    """

    invoice_id: Annotated[UUID, INVOICE]
    amount: Annotated[int, validate.Range(min=1), DISCOUNT] | None = None
    percent: Annotated[int, validate.Range(1, 100), PERCENT] | None = None
    reason: Reason

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if (self.amount is None) == (self.percent is None):
            yield "amount", "Name either an amount or a percentage."


class WriteOffInvoice(
    Command,
    service="billing",
    roles=ADMINS,
    returns=InvoiceView,
    refuses=(NOT_AN_INVOICE, INVOICE_NOT_OPEN, MORE_THAN_OPEN),
):
    """Write bad debt off: the patient no longer owes the amount. It defaults to the whole open amount."""

    invoice_id: Annotated[UUID, INVOICE]
    amount: Annotated[int, validate.Range(min=1), "Minor units; by default the whole open amount."] | None = None
    reason: Reason
