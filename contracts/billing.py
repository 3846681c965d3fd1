"""What is said to and by the billing service: what it costs. Money is integer minor units and an ISO 4217 currency."""

from marshmallow import fields, validate

from chassis.contract import ANYONE, Command, Integer, PageQuery, Query, View, page_of
from chassis.event import Event
from contracts.audit import ADMINS, AuditPage, AuditQuery
from contracts.roles import Role
from contracts.texts import ONE_LINE

PATIENT = frozenset({Role.PATIENT})
INVOICE_STATUSES = ("draft", "issued", "part_paid", "paid", "part_refunded", "refunded", "void")
PAYMENT_STATUSES = ("created", "pending", "succeeded", "failed", "expired")
PROVIDERS = ("sandbox",)
BACK = "Where the checkout page leads back to: an address of the hospital, or of one of its `CORS_ORIGINS`."
AN_APP = {"example": "https://app.example/invoices"}
CODED, NAMED = {"example": "consultation:cardiology"}, {"example": "Visit to a cardiologist"}

ADDRESS = validate.Regexp(r"^[\x21-\x7e]+\Z", error="Must be an address without blanks.")


class PriceView(View):
    """What a service of the hospital costs from a day on; `consultation:<specialization>` for a visit."""

    id = fields.UUID()
    code = fields.String(metadata=CODED)
    name = fields.String(metadata=NAMED)
    amount_minor = fields.Integer()
    currency = fields.String()
    valid_from = fields.Date()


class InvoiceLineView(View):
    """One line of an invoice; the code and the price are null while they are not known."""

    code = fields.String(allow_none=True, metadata=CODED)
    name = fields.String(metadata=NAMED)
    quantity = fields.Integer()
    unit_price_minor = fields.Integer(allow_none=True)


class InvoiceView(View):
    """An invoice. It has a number from when it is issued.

    It is `void` when its visit did not take place and nothing was paid of it; `refund_minor` is what is to be paid
    back of such an invoice.
    """

    id = fields.UUID()
    number = fields.Integer(allow_none=True)
    patient_id = fields.UUID()
    appointment_id = fields.UUID()
    status = fields.String(validate=validate.OneOf(INVOICE_STATUSES))
    lines = fields.List(fields.Nested(InvoiceLineView))
    total_minor = fields.Integer()
    paid_minor = fields.Integer()
    refund_minor = fields.Integer()
    currency = fields.String()
    issued_at = fields.AwareDateTime(allow_none=True)


class PaymentView(View):
    """A try to pay an invoice. `reason` says why it failed: `declined`, or `more_than_open` when another was faster."""

    id = fields.UUID()
    invoice_id = fields.UUID()
    provider = fields.String()
    amount_minor = fields.Integer()
    currency = fields.String()
    status = fields.String(validate=validate.OneOf(PAYMENT_STATUSES))
    reason = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()


class CheckoutView(View):
    """Where the patient pays."""

    payment_id = fields.UUID()
    checkout_url = fields.Url()


class SandboxCheckoutView(View):
    """What the built-in checkout page shows. `status` is `void` when the invoice is owed no more."""

    reference = fields.String()
    amount_minor = fields.Integer()
    currency = fields.String()
    status = fields.String()
    return_url = fields.String(allow_none=True)


class SetPrice(Command):
    """Say what something costs from a day on, today when not told otherwise.

    Held lines of that code, of visits from that day on, are priced and their invoices issued. The case and spacing of a
    code do not matter. Conflict: `price_exists` (of that code and day).
    """

    service, roles, returns = "billing", frozenset({Role.ADMIN}), PriceView
    code = fields.String(required=True, validate=(validate.Length(1, 120), ONE_LINE), metadata=CODED)
    name = fields.String(required=True, validate=(validate.Length(1, 200), ONE_LINE), metadata=NAMED)
    amount_minor = Integer(required=True, validate=validate.Range(0, 100_000_000))
    valid_from = fields.Date(load_default=None)


class ListPrices(PageQuery):
    """All prices, by code."""

    service, roles, returns = "billing", frozenset({Role.ADMIN}), page_of(PriceView)


class ListMyInvoices(PageQuery):
    """One's own invoices, newest first."""

    service, roles, returns = "billing", PATIENT, page_of(InvoiceView)
    patient_id = fields.UUID(required=True)


class ListInvoices(PageQuery):
    """All invoices, newest first; of one patient, or those that are to be refunded.

    An invoice is to be refunded when money was paid of it, and the completion of its visit was undone.
    """

    service, roles, returns = "billing", ADMINS, page_of(InvoiceView)
    patient_id = fields.UUID(load_default=None, metadata={"description": "Only invoices of this patient."})
    needs_refund = fields.Boolean(load_default=False, metadata={"description": "Only those that are to be refunded."})


class ListMyPayments(PageQuery):
    """One's own payments, newest first."""

    service, roles, returns = "billing", PATIENT, page_of(PaymentView)
    patient_id = fields.UUID(required=True)


class PayInvoice(Command):
    """Begin to pay one's invoice, all that is open of it or a part; answers with the provider's checkout page.

    Conflict: `nothing_to_pay`, `more_than_open`. Invalid: `provider_not_offered`,
    `return_url_not_allowed`.
    """

    service, roles, returns, verified, deadline = "billing", PATIENT, CheckoutView, True, 15.0
    patient_id = fields.UUID(required=True)
    invoice_id = fields.UUID(required=True, metadata={"description": "The invoice."})
    provider = fields.String(required=True, validate=validate.OneOf(PROVIDERS))
    amount_minor = Integer(load_default=None, validate=validate.Range(min=1))
    return_url = fields.String(
        load_default=None,
        allow_none=True,
        validate=[validate.Length(1, 2000), ADDRESS],
        metadata={"description": BACK, **AN_APP},
    )


class GetSandboxCheckout(Query):
    """The built-in checkout page, for trying and testing. NotFound unless `ALLOW_SANDBOX_PAYMENTS`."""

    service, roles, returns = "billing", ANYONE, SandboxCheckoutView
    reference = fields.String(required=True, validate=validate.Length(1, 100))


class FinishSandboxCheckout(Command):
    """Pay or decline on the built-in checkout page. NotFound unless `ALLOW_SANDBOX_PAYMENTS`."""

    service, roles, returns = "billing", ANYONE, SandboxCheckoutView
    reference = fields.String(required=True, validate=validate.Length(1, 100))
    outcome = fields.String(required=True, validate=validate.OneOf(["pay", "decline"]))


class InvoiceIssued(Event):
    """A patient owes something."""

    service, subject = "billing", "invoice_id"
    heard_by = ("notify.on_invoice_issued",)
    invoice_id = fields.UUID()
    patient_id = fields.UUID()
    amount_minor = fields.Integer()
    currency = fields.String()
    example = {
        "invoice_id": "01919c5e-0000-7000-8000-0000000000c1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "amount_minor": 8000,
        "currency": "EUR",
    }


class InvoiceVoided(Event):
    """A patient owes nothing any more for an invoice that was not paid: the visit was completed by mistake."""

    service, subject = "billing", "invoice_id"
    heard_by = ("notify.on_invoice_voided",)
    invoice_id = fields.UUID()
    patient_id = fields.UUID()
    amount_minor = fields.Integer()
    currency = fields.String()
    example = InvoiceIssued.example


class RefundDue(Event):
    """A patient has paid, in all this amount, for a visit that was completed by mistake: an admin pays it back."""

    service, subject = "billing", "invoice_id"
    heard_by = ("notify.on_refund_due",)
    invoice_id = fields.UUID()
    patient_id = fields.UUID()
    amount_minor = fields.Integer()
    currency = fields.String()
    example = InvoiceIssued.example


class PaymentEvent(Event):
    """What every event about a payment says."""

    payment_id = fields.UUID()
    invoice_id = fields.UUID()
    patient_id = fields.UUID()
    amount_minor = fields.Integer()
    currency = fields.String()
    example = {"payment_id": "01919c5e-0000-7000-8000-0000000000d1", **InvoiceIssued.example}


class PaymentReceived(PaymentEvent):
    """The provider says that the money is there."""

    service, subject = "billing", "payment_id"
    heard_by = ("notify.on_payment_received",)


class PaymentFailed(PaymentEvent):
    """The provider says that the payment has failed."""

    service, subject = "billing", "payment_id"
    heard_by = ("notify.on_payment_failed",)


class ListAudit(AuditQuery):
    """What was done in billing."""

    service, roles, returns = "billing", ADMINS, AuditPage
