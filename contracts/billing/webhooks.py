"""Webhooks: messages of payment providers about payments and refunds."""

from enum import StrEnum
from typing import Annotated

from marshmallow import validate

from chassis.contract import ANYONE, Command, View
from chassis.errors import Invalid, Unauthenticated
from chassis.refusals import Refusal
from contracts.billing.payments import PROVIDER_DOWN, PROVIDER_REFUSED, PROVIDER_UNAVAILABLE, Provider

WRONG_SIGNATURE = Refusal(
    Unauthenticated,
    "wrong_signature",
    "The signature of the webhook is not valid.",
    "The signature does not match the body, or its time differs from ours by more than five minutes. Check the secret "
    "of the webhook in the settings.",
)
UNREADABLE_WEBHOOK = Refusal(Invalid, "unreadable_webhook", "The body of the webhook cannot be read.")
BASE64 = validate.Regexp(r"[A-Za-z0-9+/]*={0,2}\Z", error="Must be Base64.")
MOST_BYTES = 256 * 1024
"""The size limit of a webhook."""


class Effect(StrEnum):
    """What a webhook has changed."""

    APPLIED = "applied"
    REPEATED = "repeated"
    IGNORED = "ignored"
    LISTED = "listed"
    """An admin settles it: see `GET /api/admin/odd-payments`."""


class WebhookView(View):
    """The effect of a webhook."""

    effect: Effect


class ReceiveWebhook(
    Command,
    service="billing",
    roles=ANYONE,
    returns=WebhookView,
    keyed=False,
    deadline=15.0,
    refuses=(PROVIDER_UNAVAILABLE, PROVIDER_DOWN, PROVIDER_REFUSED, WRONG_SIGNATURE, UNREADABLE_WEBHOOK),
):
    """Take a signed message of a payment provider. The reply comes after the effect is stored."""

    provider: Provider
    headers: Annotated[dict[str, str], "The headers that may hold a signature, by their names in lower case."]
    body: Annotated[str, validate.Length(max=MOST_BYTES * 4 // 3 + 4), BASE64, "The bytes of the body in Base64."]
