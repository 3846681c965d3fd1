"""Invoices: lines, states and the events about them. Money is integer minor units and an ISO 4217 currency."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import PageQuery, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.audit import ADMINS
from contracts.roles import Role
from records.fields import Facts

ALREADY_ISSUED = Refusal(
    Conflict,
    "already_issued",
    "The invoice has been issued.",
    "The invoice has been issued, and does not change any more.",
)
ALREADY_PRICED = Refusal(Conflict, "already_priced", "The line has a price.", "The line of the invoice has a price.")
LINE_HELD = Refusal(
    Conflict,
    "line_held",
    "The price of a line is not known yet.",
    "The invoice waits for the price of one of its lines.",
)
NO_SUCH_INVOICE = Refusal(NotFound, "not_found", "There is no such invoice.")
PATIENT = frozenset({Role.PATIENT})


class InvoiceStatus(StrEnum):
    """How an invoice stands."""

    DRAFT = "draft"
    ISSUED = "issued"
    PART_PAID = "part_paid"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    VOID = "void"


CODED, NAMED = Facts(example="consultation:cardiology"), Facts(example="Visit to a cardiologist")


class InvoiceLineView(View):
    """One line of an invoice; the code and the price are null while they are not known."""

    code: Annotated[str, CODED] | None
    name: Annotated[str, NAMED]
    quantity: int
    unit_price_minor: int | None


class InvoiceView(View):
    """An invoice. It has a number from when it is issued.

    It is `void` when its visit did not take place and nothing was paid of it; `refund_minor` is what is to be paid
    back of such an invoice.
    """

    id: UUID
    number: int | None
    patient_id: UUID
    appointment_id: UUID
    status: InvoiceStatus
    lines: list[InvoiceLineView]
    total_minor: int
    paid_minor: int
    refund_minor: int
    currency: str
    issued_at: datetime | None


class ListMyInvoices(PageQuery, service="billing", roles=PATIENT, returns=page_of(InvoiceView)):
    """One's own invoices, newest first."""

    patient_id: UUID


class ListInvoices(PageQuery, service="billing", roles=ADMINS, returns=page_of(InvoiceView)):
    """All invoices, newest first; of one patient, or those that are to be refunded.

    An invoice is to be refunded when money was paid of it, and the completion of its visit was undone.
    """

    patient_id: Annotated[UUID, "Only invoices of this patient."] | None = None
    needs_refund: Annotated[bool, "Only those that are to be refunded."] = False


class InvoiceIssued(Event, service="billing", subject="invoice_id", heard_by=("notify.on_invoice_issued",)):
    """A patient owes something."""

    invoice_id: UUID
    patient_id: UUID
    amount_minor: int
    currency: str
    example = {
        "invoice_id": "01919c5e-0000-7000-8000-0000000000c1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "amount_minor": 8000,
        "currency": "EUR",
    }


class InvoiceVoided(Event, service="billing", subject="invoice_id", heard_by=("notify.on_invoice_voided",)):
    """A patient owes nothing any more for an invoice that was not paid: the visit was completed by mistake."""

    invoice_id: UUID
    patient_id: UUID
    amount_minor: int
    currency: str
    example = InvoiceIssued.example


class RefundDue(Event, service="billing", subject="invoice_id", heard_by=("notify.on_refund_due",)):
    """A patient has paid, in all this amount, for a visit that was completed by mistake: an admin pays it back."""

    invoice_id: UUID
    patient_id: UUID
    amount_minor: int
    currency: str
    example = InvoiceIssued.example
