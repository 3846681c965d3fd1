"""Payments: the provider's checkout, the tries to pay and the events about them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from marshmallow import validate

from chassis.contract import ANYONE, Command, PageQuery, Query, View, page_of
from chassis.errors import Conflict, Invalid, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.billing.invoices import PATIENT, InvoiceIssued
from contracts.texts import UrlText
from records.fields import Facts

MORE_THAN_OPEN = Refusal(
    Conflict,
    "more_than_open",
    "That is more than is open.",
    "The amount is more than is open; `open_minor` says what is.",
)
NO_SUCH_CHECKOUT = Refusal(NotFound, "not_found", "There is no such checkout.")
NOTHING_TO_PAY = Refusal(
    Conflict, "nothing_to_pay", "Nothing of this invoice is open.", "Nothing of the invoice is open."
)
PAYMENT_FINISHED = Refusal(
    Conflict,
    "payment_finished",
    "The payment has {state}.",
    "The payment has succeeded, failed or expired already; `state` says which.",
)
PROVIDER_NOT_OFFERED = Refusal(
    Invalid,
    "provider_not_offered",
    "Payments by this provider are not offered.",
    "This installation does not take payments by that provider.",
)


RETURN_URL_NOT_ALLOWED = Refusal(
    Invalid,
    "return_url_not_allowed",
    "The payer cannot be sent back to that address.",
    "A payer goes back only to an address of the hospital (`PUBLIC_URL`), or of one of `CORS_ORIGINS` "
    "(`*` names none).",
)
BACK = "Where the checkout page leads back to: an address of the hospital, or of one of its `CORS_ORIGINS`."
AN_APP = Facts(example="https://app.example/invoices")
ADDRESS = validate.Regexp(r"^[\x21-\x7e]+\Z", error="Must be an address without blanks.")


class PaymentStatus(StrEnum):
    """How far a payment has come."""

    CREATED = "created"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"


class Provider(StrEnum):
    """The payment providers."""

    SANDBOX = "sandbox"


class PaymentView(View):
    """A try to pay an invoice. `reason` says why it failed: `declined`, or `more_than_open` when another was faster."""

    id: UUID
    invoice_id: UUID
    provider: str
    amount_minor: int
    currency: str
    status: PaymentStatus
    reason: str | None
    created_at: datetime


class CheckoutView(View):
    """Where the patient pays."""

    payment_id: UUID
    checkout_url: UrlText


class SandboxCheckoutView(View):
    """What the built-in checkout page shows. `status` is `void` when the invoice is owed no more."""

    reference: str
    amount_minor: int
    currency: str
    status: str
    return_url: str | None


class ListMyPayments(PageQuery, service="billing", roles=PATIENT, returns=page_of(PaymentView)):
    """One's own payments, newest first."""

    patient_id: UUID


class PayInvoice(
    Command,
    service="billing",
    roles=PATIENT,
    returns=CheckoutView,
    verified=True,
    deadline=15.0,
    refuses=(
        NOTHING_TO_PAY,
        MORE_THAN_OPEN,
        PROVIDER_NOT_OFFERED,
        RETURN_URL_NOT_ALLOWED,
    ),
):
    """Begin to pay one's invoice, all that is open of it or a part; answers with the provider's checkout page."""

    patient_id: UUID
    invoice_id: Annotated[UUID, "The invoice."]
    provider: Provider
    amount_minor: Annotated[int, validate.Range(min=1)] | None = None
    return_url: Annotated[str, validate.Length(1, 2000), ADDRESS, Facts({"description": BACK, **AN_APP})] | None = None


class GetSandboxCheckout(Query, service="billing", roles=ANYONE, returns=SandboxCheckoutView):
    """The built-in checkout page, for trying and testing. Not found unless `ALLOW_SANDBOX_PAYMENTS` is set."""

    reference: Annotated[str, validate.Length(1, 100)]


class FinishSandboxCheckout(Command, service="billing", roles=ANYONE, returns=SandboxCheckoutView):
    """Pay or decline on the built-in checkout page. Not found unless `ALLOW_SANDBOX_PAYMENTS` is set."""

    reference: Annotated[str, validate.Length(1, 100)]
    outcome: Literal["pay", "decline"]


class PaymentEvent(Event):
    """What every event about a payment says."""

    payment_id: UUID
    invoice_id: UUID
    patient_id: UUID
    amount_minor: int
    currency: str
    example = {"payment_id": "01919c5e-0000-7000-8000-0000000000d1", **InvoiceIssued.example}


class PaymentReceived(PaymentEvent, service="billing", subject="payment_id", heard_by=("notify.on_payment_received",)):
    """The provider says that the money is there."""


class PaymentFailed(PaymentEvent, service="billing", subject="payment_id", heard_by=("notify.on_payment_failed",)):
    """The provider says that the payment has failed."""
