"""The pages of a link to pay: the amount with a button for each provider, and the page after the checkout.

They need no scripts, and name neither the patient nor the items of the invoice.
"""

from collections.abc import Mapping
from html import escape
from typing import TypedDict

import orjson

from chassis.errors import MatronError, NotFound
from chassis.refusals import WRONG_FIELDS
from contracts import money
from contracts.billing.pay_links import GetPayPage, PayByLink
from contracts.billing.payments import Provider
from gateway.dependencies import Gateway
from gateway.html import page, refused
from gateway.pages import ask, form_of
from gateway.server.http import Answer
from gateway.server.requests import Request

RETURN = "/pay/return"
"""The URL of the page after a checkout, which billing gives to the provider."""
TITLE = "Pay your invoice"
AMOUNT = """<p>{hospital}</p>
<p>Amount to pay: <strong>{amount}</strong></p>
"""
BUTTONS = """<form method="post">
{buttons}
</form>"""
BUTTON = '<p><button name="provider" value="{provider}">{name}</button></p>'
NAMES: Mapping[Provider, str] = {
    Provider.STRIPE: "Pay with Stripe",
    Provider.PAYSTACK: "Pay with Paystack",
    Provider.FLUTTERWAVE: "Pay with Flutterwave",
    Provider.SANDBOX: "Pay in the sandbox (no money is paid)",
}
NO_PROVIDER = "<p>You cannot pay online at present. Ask the hospital's desk.</p>"
AFTER = """<p>Your payment counts as soon as the provider confirms it, which can take a few minutes.</p>
<p>If you have not paid, open your link again. You may close this window.</p>"""
AGAIN = '<p><a href="">Try again</a></p>'
POLICY = (
    "Content-Security-Policy",
    "default-src 'none'; base-uri 'none'; form-action 'self' https: http:; frame-ancestors 'none'",
)
"""Browsers apply `form-action` to the redirect after a form too, and the provider's page has another origin."""


class _PayPage(TypedDict):
    """A `PayPageView` in JSON."""

    hospital_name: str
    open_minor: int
    currency: str
    providers: list[Provider]


def show(gateway: Gateway, request: Request) -> Answer:
    """Answer with the amount of a link and a button for each provider."""
    shown: _PayPage = orjson.loads(ask(gateway, request, GetPayPage, request.path_values))
    amount = money.in_words(shown["open_minor"], shown["currency"])
    text = AMOUNT.format(hospital=escape(shown["hospital_name"]), amount=escape(amount))
    return page(TITLE, text + _buttons(shown["providers"]), policy=POLICY)


def _buttons(providers: list[Provider]) -> str:
    buttons = [BUTTON.format(provider=escape(each), name=escape(NAMES[Provider(each)])) for each in providers]
    return BUTTONS.format(buttons="\n".join(buttons)) if buttons else NO_PROVIDER


def start(gateway: Gateway, request: Request) -> Answer:
    """Start a payment, and send the payer to the provider's checkout page."""
    provider = form_of(request).get("provider", "")
    if provider not in tuple(Provider):
        raise WRONG_FIELDS("Some fields are wrong.", errors={"provider": ["Must be a payment provider."]})
    reply = ask(gateway, request, PayByLink, {**request.path_values, "provider": provider})
    return 303, [("Location", orjson.loads(reply)["checkout_url"])], b""


def show_return(_gateway: Gateway, _request: Request) -> Answer:
    """Answer with the page to which a provider sends the payer back."""
    return page("Thank you", AFTER)


def not_started(error: MatronError, request: Request) -> Answer:
    """Return the page of a refused payment, with a link back to the buttons."""
    return refused(error, request, TITLE, "" if isinstance(error, NotFound) else AGAIN)
