"""Payments: checkouts at a provider, payment attempts and their events."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from marshmallow import validate

from chassis.contract import ANYONE, Command, PageQuery, Query, View, page_of
from chassis.errors import Conflict, Invalid, NotFound, Unavailable
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.billing.invoices import PATIENT, InvoiceIssued
from contracts.roles import ANY_ROLE, DESK, Role
from contracts.texts import UrlText
from records.fields import Facts, Key

MORE_THAN_OPEN = Refusal(
    Conflict,
    "more_than_open",
    "The amount is larger than the open amount.",
    "The amount is larger than the open amount, which is in `open_minor`.",
)
NO_SUCH_CHECKOUT = Refusal(NotFound, "not_found", "There is no such checkout.")
NOTHING_TO_PAY = Refusal(
    Conflict, "nothing_to_pay", "This invoice has no open amount.", "The invoice has no open amount."
)
PAYMENT_FINISHED = Refusal(
    Conflict,
    "payment_finished",
    "The payment has {state}.",
    "The payment has already succeeded, failed or expired; see `state`.",
)
PROVIDER_UNAVAILABLE = Refusal(
    Conflict,
    "provider_unavailable",
    "This payment provider is not available.",
    "This installation does not accept payments through that provider. `GET /api/payment-providers` lists the others.",
)
PROVIDER_DOWN = Refusal(
    Unavailable,
    "provider_down",
    "The payment provider does not answer. Try again.",
    "The payment provider does not answer. Repeat the request with the same `Idempotency-Key`: it starts one payment.",
)
PROVIDER_REFUSED = Refusal(
    Conflict,
    "provider_refused",
    "The payment provider has refused the request.",
    "The payment provider has refused the request, for instance because of the currency or the amount.",
)


RETURN_URL_NOT_ALLOWED = Refusal(
    Invalid,
    "return_url_not_allowed",
    "The checkout page cannot link back to that address.",
    "The checkout page links back only to the origin of `PUBLIC_URL` or an origin in `CORS_ORIGINS`. "
    "A `*` in `CORS_ORIGINS` allows no address.",
)
BACK = "Target of the link back from the checkout page. Its origin is the hospital's or one of `CORS_ORIGINS`."
AN_APP = Facts(example="https://app.example/invoices")
ADDRESS = validate.Regexp(r"^[\x21-\x7e]+\Z", error="Must be an address without spaces.")


class PaymentStatus(StrEnum):
    """The states of a payment. The money of an `unapplied` payment waits for an admin, who settles it."""

    CREATED = "created"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    UNAPPLIED = "unapplied"


class FailureReason(StrEnum):
    """The reasons for a failed payment: the payer declined, or another payment came first."""

    DECLINED = "declined"
    MORE_THAN_OPEN = "more_than_open"


class Provider(StrEnum):
    """The payment providers."""

    STRIPE = "stripe"
    PAYSTACK = "paystack"
    FLUTTERWAVE = "flutterwave"
    SANDBOX = "sandbox"


class DeskMethod(StrEnum):
    """The ways to pay at the desk."""

    CASH = "cash"
    CARD_TERMINAL = "card_terminal"


class PaymentView(View):
    """A payment attempt. If it failed, `reason` is `declined`, or `more_than_open` after a faster payment."""

    id: UUID
    invoice_id: UUID
    provider: Annotated[str, "A payment provider, or `cash` or `card_terminal` for a payment at the desk."]
    amount_minor: int
    currency: str
    status: PaymentStatus
    reason: str | None
    created_at: datetime


class CheckoutView(View):
    """The provider's checkout page of a payment."""

    payment_id: UUID
    checkout_url: UrlText
    amount_minor: int
    currency: str


class SandboxCheckoutView(View):
    """The content of the built-in checkout page. `status` is `void` when the patient no longer owes the invoice."""

    reference: str
    amount_minor: int
    currency: str
    status: str
    return_url: str | None


class PaymentProviderView(View):
    """A payment provider that the hospital offers."""

    provider: Provider


class PaymentProvidersView(View):
    """The payment providers that the hospital offers."""

    items: list[PaymentProviderView]


class ListPaymentProviders(Query, service="billing", roles=ANY_ROLE, returns=PaymentProvidersView):
    """List the payment providers that the hospital offers."""


class ListMyPayments(PageQuery, service="billing", roles=PATIENT, returns=page_of(PaymentView)):
    """List the caller's own payments, newest first."""

    patient_id: UUID


class ListPatientPayments(PageQuery, service="billing", roles=DESK, returns=page_of(PaymentView)):
    """List the payments of a patient at the desk, newest first."""

    patient_id: Annotated[UUID, "The patient."]


class TakePayment(
    Command,
    service="billing",
    roles=frozenset({Role.RECEPTIONIST}),
    returns=PaymentView,
    refuses=(NOTHING_TO_PAY, MORE_THAN_OPEN),
):
    """Take a payment at the desk, in cash or by the card terminal. It succeeds at once."""

    invoice_id: UUID
    by: Annotated[DeskMethod, "In cash, or by the card terminal.", Key("method")]
    amount: Annotated[int, validate.Range(min=1), "Minor units; by default the whole open amount."] | None = None


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
        PROVIDER_UNAVAILABLE,
        PROVIDER_DOWN,
        PROVIDER_REFUSED,
        RETURN_URL_NOT_ALLOWED,
    ),
):
    """Start a payment of the caller's own invoice. Returns the provider's checkout page.

    `amount` is in minor units and defaults to the whole open amount. `amount_minor` is an older name of the field.
    """

    patient_id: UUID
    invoice_id: Annotated[UUID, "The invoice."]
    provider: Provider
    amount: Annotated[int, validate.Range(min=1), "Minor units; by default the whole open amount."] | None = None
    amount_minor: Annotated[int, validate.Range(min=1), "The older name of `amount`."] | None = None
    return_url: Annotated[str, validate.Length(1, 2000), ADDRESS, Facts({"description": BACK, **AN_APP})] | None = None


class GetSandboxCheckout(Query, service="billing", roles=ANYONE, returns=SandboxCheckoutView):
    """Show the built-in checkout page, for trials and tests. Not found unless `ALLOW_SANDBOX_PAYMENTS` is set."""

    reference: Annotated[str, validate.Length(1, 100)]


class FinishSandboxCheckout(Command, service="billing", roles=ANYONE, returns=SandboxCheckoutView):
    """Pay or decline on the built-in checkout page. Not found unless `ALLOW_SANDBOX_PAYMENTS` is set."""

    reference: Annotated[str, validate.Length(1, 100)]
    outcome: Literal["pay", "decline"]


class PaymentEvent(Event):
    """Base of the events about a payment."""

    payment_id: UUID
    invoice_id: UUID
    patient_id: UUID
    amount_minor: int
    currency: str
    example = {"payment_id": "01919c5e-0000-7000-8000-0000000000d1", **InvoiceIssued.example}


class PaymentReceived(PaymentEvent, service="billing", subject="payment_id", heard_by=("notify.on_payment_received",)):
    """The provider has received the money."""


class PaymentFailed(PaymentEvent, service="billing", subject="payment_id", heard_by=("notify.on_payment_failed",)):
    """The payment has failed; no money has moved."""
