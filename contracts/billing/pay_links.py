"""Links with which a payer without an account pays one invoice."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import ANYONE, Command, Query, View
from chassis.errors import Conflict, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.billing.payments import (
    NOTHING_TO_PAY,
    PROVIDER_DOWN,
    PROVIDER_REFUSED,
    PROVIDER_UNAVAILABLE,
    CheckoutView,
    Provider,
)
from contracts.roles import Role
from contracts.texts import EmailText
from records.fields import Facts

LINK_NOT_VALID = Refusal(
    NotFound,
    "link_not_valid",
    "This link is not valid, or there is nothing left to pay.",
    "The link to pay is unknown, used, replaced or older than 7 days, or its invoice has no open amount.",
)
NO_ADDRESS = Refusal(
    Conflict,
    "no_address",
    "The patient has no e-mail address.",
    "The patient has no e-mail address to which the link could be sent. Make the link without `send`.",
)
TOKEN = validate.Regexp(r"[A-Za-z0-9_-]{1,200}\Z", error="Must be the last part of a link.")
A_LINK = Facts(example="https://hospital.example/pay/q0Zb7r1TnU0gq7m1C3E2yAq0Zb7r1TnU0gq7m1C3E2y")


class PayLinkView(View):
    """A link to pay an invoice. It is shown only once."""

    url: Annotated[str, A_LINK]
    expires_at: datetime


class PayPageView(View):
    """The content of a page to pay. It names neither the patient nor the items of the invoice."""

    hospital_name: str
    open_minor: int
    currency: str
    providers: list[Provider]


class MakePayLink(
    Command,
    service="billing",
    roles={Role.RECEPTIONIST},
    returns=PayLinkView,
    keyed=False,
    refuses=(NOTHING_TO_PAY, PROVIDER_UNAVAILABLE, NO_ADDRESS),
):
    """Make a link with which a payer pays an invoice without an account. It ends after 7 days, or when it was used.

    A new link replaces earlier links of the invoice, but not the codes on printed invoices.
    """

    invoice_id: Annotated[UUID, "The invoice."]
    send: Annotated[bool, "Whether the link is mailed to the patient."] = False


class GetPayPage(Query, service="billing", roles=ANYONE, returns=PayPageView, refuses=(LINK_NOT_VALID,)):
    """Show the amount that a link pays."""

    token: Annotated[str, TOKEN]


class PayByLink(
    Command,
    service="billing",
    roles=ANYONE,
    returns=CheckoutView,
    deadline=15.0,
    refuses=(LINK_NOT_VALID, PROVIDER_UNAVAILABLE, PROVIDER_DOWN, PROVIDER_REFUSED),
):
    """Start a payment of the open amount of a link's invoice."""

    token: Annotated[str, TOKEN]
    provider: Provider


class PayLinkIssued(
    Event, service="billing", subject="invoice_id", internal=True, heard_by=("notify.on_pay_link_issued",)
):
    """Notify must mail a link to pay. Internal: the event carries the secret of the link."""

    invoice_id: UUID
    patient_id: UUID
    email: EmailText
    token: str
    expires_at: datetime
    example = {
        "invoice_id": "01919c5e-0000-7000-8000-0000000000c1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "email": "asha@example.org",
        "token": "q0Zb7r1TnU0gq7m1C3E2yA",
        "expires_at": "2026-11-30T09:00:00+00:00",
    }
