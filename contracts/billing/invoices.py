"""Invoices: lines, states and events. Money is an integer of minor units and an ISO 4217 currency."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import PageQuery, Query, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.audit import ADMINS
from contracts.roles import DESK, Role
from records.fields import Facts

ALREADY_ISSUED = Refusal(
    Conflict,
    "already_issued",
    "The invoice has been issued.",
    "The invoice has been issued and can no longer change.",
)
ALREADY_PRICED = Refusal(
    Conflict, "already_priced", "The line already has a price.", "The invoice line already has a price."
)
LINE_HELD = Refusal(
    Conflict,
    "line_held",
    "The price of a line is not known yet.",
    "The invoice can be neither issued nor discounted, because the price of a line is not known yet.",
)
NO_SUCH_INVOICE = Refusal(NotFound, "not_found", "There is no such invoice.")
PATIENT = frozenset({Role.PATIENT})


class InvoiceStatus(StrEnum):
    """The states of an invoice."""

    DRAFT = "draft"
    ISSUED = "issued"
    PART_PAID = "part_paid"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    VOID = "void"
    WRITTEN_OFF = "written_off"


CODED, NAMED = Facts(example="consultation:cardiology"), Facts(example="Visit to a cardiologist")


class InvoiceLineView(View):
    """A line of an invoice. Code and price are null while they are unknown. Lines of a credit note are negative."""

    code: Annotated[str, CODED] | None
    name: Annotated[str, NAMED]
    quantity: int
    unit_price_minor: Annotated[int | None, "The price before tax."]
    discount_minor: Annotated[int, "The part of quantity by price that is not charged."]
    tax_basis_points: Annotated[int, "The tax rate in hundredths of a percent: 750 is 7.5 %."]
    tax_minor: int
    amount_minor: Annotated[int, "The amount of the line with tax."]


class InvoiceView(View):
    """An invoice for an appointment, a dispense or laboratory results, or a credit note. Its number comes at issue.

    The completion of a visit can be undone. An unpaid invoice of that visit becomes `void`. For a paid invoice,
    `refund_minor` is the amount to pay back.
    """

    id: UUID
    number: int | None
    patient_id: UUID
    appointment_id: Annotated[UUID | None, "The appointment of the charge, or null."]
    dispense_id: Annotated[UUID | None, "The dispense of medicines, or null."]
    lab_order_id: Annotated[UUID | None, "The laboratory order, or null."]
    corrects_id: Annotated[UUID | None, "The invoice that a credit note corrects; null for an invoice."]
    status: InvoiceStatus
    lines: list[InvoiceLineView]
    total_minor: Annotated[int, "The sum of the lines with tax."]
    paid_minor: Annotated[int, "The money received."]
    open_minor: Annotated[int, "The amount to be paid."]
    discounted_minor: Annotated[int, "The part of the total that credit notes took back."]
    written_off_minor: Annotated[int, "The part of the total that the hospital gave up."]
    refunded_minor: Annotated[int, "The money paid back."]
    refund_minor: Annotated[int, "The money to pay back."]
    currency: str
    issued_at: datetime | None
    due_at: Annotated[datetime | None, "The time from which an open amount is overdue."]


class ListMyInvoices(PageQuery, service="billing", roles=PATIENT, returns=page_of(InvoiceView)):
    """List the caller's own invoices, newest first."""

    patient_id: UUID


class GetMyInvoice(Query, service="billing", roles=PATIENT, returns=InvoiceView):
    """Get one of the caller's own invoices."""

    patient_id: UUID
    invoice_id: Annotated[UUID, "The invoice."]


class ListPatientInvoices(PageQuery, service="billing", roles=DESK, returns=page_of(InvoiceView)):
    """List the invoices of a patient at the desk, newest first."""

    patient_id: Annotated[UUID, "The patient."]


class ListInvoices(PageQuery, service="billing", roles=ADMINS, returns=page_of(InvoiceView)):
    """List all invoices, newest first. Filters: one patient, the status, invoices that need a refund or are overdue.

    An invoice needs a refund when it has payments and the completion of its visit was undone. Overdue invoices have an
    open amount after `due_at`; this list starts with the longest overdue.
    """

    patient_id: Annotated[UUID, "Only invoices of this patient."] | None = None
    status: Annotated[InvoiceStatus, "Only invoices in this state."] | None = None
    needs_refund: Annotated[bool, "Only invoices that need a refund."] = False
    overdue: Annotated[bool, "Only overdue invoices, the longest overdue first."] = False


class InvoiceIssued(Event, service="billing", subject="invoice_id", heard_by=("notify.on_invoice_issued",)):
    """An invoice was issued: the patient owes its amount."""

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


class DueEvent(Event):
    """The facts of events about an invoice that is due. `amount_minor` is the open amount."""

    invoice_id: UUID
    patient_id: UUID
    amount_minor: int
    currency: str
    due_at: datetime
    example = {**InvoiceIssued.example, "due_at": "2026-11-23T13:30:00+00:00"}


class InvoiceOverdue(DueEvent, service="billing", subject="invoice_id", heard_by=("notify.on_invoice_overdue",)):
    """An invoice was not fully paid when it was due. `amount_minor` is the open amount."""


class InvoiceReminderDue(
    DueEvent, service="billing", subject="invoice_id", internal=True, heard_by=("notify.on_invoice_reminder_due",)
):
    """An overdue invoice is still open 7 or 21 days after it was due."""


class InvoiceVoided(Event, service="billing", subject="invoice_id", heard_by=("notify.on_invoice_voided",)):
    """An unpaid invoice is void: an admin voided it, or its visit was completed by mistake. Nothing is owed for it."""

    invoice_id: UUID
    patient_id: UUID
    amount_minor: int
    currency: str
    example = InvoiceIssued.example


class RefundDue(Event, service="billing", subject="invoice_id", heard_by=("notify.on_refund_due",)):
    """A patient has paid for a visit that was completed by mistake. An admin pays the whole amount back."""

    invoice_id: UUID
    patient_id: UUID
    amount_minor: int
    currency: str
    example = InvoiceIssued.example
