"""Pages for people without a client program: the targets of mailed links, and the sandbox's checkout.

They need no scripts. A mailed link shows only a form: a mail program that opens links must not use up the link.
"""

from html import escape
from typing import TypedDict
from urllib.parse import parse_qs, urlsplit

import orjson

from chassis.call import Call
from chassis.contract import Command
from chassis.errors import Conflict, Invalid, MatronError
from chassis.refusals import WRONG_FIELDS
from contracts import money
from contracts.auth.accounts.commands import ResetPassword, VerifyEmail
from contracts.billing.payments import FinishSandboxCheckout, GetSandboxCheckout
from gateway.dependencies import Gateway
from gateway.html import page, refused
from gateway.server.http import Answer
from gateway.server.requests import MAX_STRANGERS_BODY, Request

VERIFY_TITLE = "Verify your address"
RESET_TITLE = "Set your password"
VERIFY = """<p>Press the button to confirm that this e-mail address is yours.</p>
<form method="post" action="/verify-email">
<input type="hidden" name="token" value="{token}">
<button>Verify my address</button>
</form>"""
RESET = """<form method="post" action="/reset-password">
<input type="hidden" name="token" value="{token}">
<p><label>Your new password (12 characters or more):<br>
<input type="password" name="password" minlength="12" maxlength="128" autocomplete="new-password" required></label></p>
<button>Set my password</button>
</form>"""
SIGN_IN = "<p>You can sign in now.</p>"
OPEN_THE_LINK = "<p>Open the link in the mail, or request a new mail.</p>"
NO_LINK = """<p>A newer link has replaced it, it is older than 24 hours, or part of it is missing.</p>
<p>Try the link in your newest mail. Otherwise sign in and request a new mail.</p>"""
TAKEN = "<p>Another account has this address. Sign in to that account, or choose another address.</p>"
CLOSED = "<p>You cannot use it at present. Ask the hospital's desk.</p>"
CHECKOUT = """<p>This page is for testing. No money is paid.</p>
<p>Amount due: <strong>{amount}</strong> (reference {reference})</p>
<p id="status">Status: {status}</p>
{buttons}{back}"""
BUTTONS = """<form method="post">
<button name="outcome" value="pay">Pay</button>
<button name="outcome" value="decline">Decline</button>
</form>
"""
BACK = '<p><a href="{url}" rel="noreferrer">Back to {host}</a></p>'
NO_WAY_BACK = {"pending": "<p>To pay later, close this window.</p>"}
CLOSE = "<p>You may close this window.</p>"
VOID = "<p>The invoice is void: you have nothing to pay.</p>\n"


def show_verification(_gateway: Gateway, request: Request) -> Answer:
    """Answer with the page of a verification link."""
    token = request.query().get("token", "")
    return page(VERIFY_TITLE, VERIFY.format(token=escape(token)) if token else OPEN_THE_LINK)


def verify(gateway: Gateway, request: Request) -> Answer:
    """Verify an address. A second press of the button finds it verified, which is no error."""
    token = form_of(request).get("token", "")
    try:
        ask(gateway, request, VerifyEmail, {"token": token})
    except Invalid as error:
        return page("This link does not work", NO_LINK, error.status)
    except Conflict as error:
        return _conflict(error)
    except MatronError as error:
        return refused(error, request, VERIFY_TITLE, VERIFY.format(token=escape(token)))
    return page("Your address is verified", SIGN_IN)


def _conflict(error: Conflict) -> Answer:
    """Return the reason for a conflict: the address is verified or taken, or the account is closed."""
    if error.facts.get("state") == "active":
        return page("Your address is already verified", SIGN_IN)
    if error.code == "email_taken":
        return page("This address is taken", TAKEN, error.status)
    return page("This account is closed", CLOSED, error.status)


def show_reset(_gateway: Gateway, request: Request) -> Answer:
    """Answer with the page of a reset link or an invitation."""
    return page(RESET_TITLE, _reset_form(request.query().get("token", "")))


def reset(gateway: Gateway, request: Request) -> Answer:
    """Set a password. After an error, the page shows the reason and the form again."""
    form = form_of(request)
    token = form.get("token", "")
    try:
        ask(gateway, request, ResetPassword, {"token": token, "password": form.get("password", "")})
    except MatronError as error:
        return refused(error, request, RESET_TITLE, _reset_form(token if error.code != "token_not_valid" else ""))
    return page("Your password is set", SIGN_IN)


def _reset_form(token: str) -> str:
    """Return the form, or a hint without a token."""
    return RESET.format(token=escape(token)) if token else OPEN_THE_LINK


def show_checkout(gateway: Gateway, request: Request) -> Answer:
    """Answer with the page of one payment, with a button to pay and a button to decline."""
    return _checkout(ask(gateway, request, GetSandboxCheckout, request.path_values))


def finish_checkout(gateway: Gateway, request: Request) -> Answer:
    """Pay or decline."""
    outcome = form_of(request).get("outcome", "")
    if outcome not in ("pay", "decline"):
        raise WRONG_FIELDS("Some fields are wrong.", errors={"outcome": ["Must be pay or decline."]})
    return _checkout(ask(gateway, request, FinishSandboxCheckout, {**request.path_values, "outcome": outcome}))


def form_of(request: Request) -> dict[str, str]:
    """Return the fields of an HTML form. Invalid: too many fields."""
    try:
        values = parse_qs(request.body(MAX_STRANGERS_BODY).decode("utf-8", "replace"), max_num_fields=5)
    except ValueError:
        raise WRONG_FIELDS("The form has too many fields.") from None
    return {name: found[0] for name, found in values.items()}


def ask(gateway: Gateway, request: Request, command: type[Command], payload: dict[str, str]) -> bytes:
    """Return the JSON of a command's reply."""
    call = Call(request_id=request.id, key=request.key(), address=request.address)
    with gateway.lines.turn(command, request.waited) as seconds:
        return gateway.rpc.call(command.service, command.method(), payload, call, seconds).result_bytes


class _Checkout(TypedDict):
    """A `SandboxCheckoutView` in JSON."""

    amount_minor: int
    currency: str
    reference: str
    status: str
    return_url: str | None


def _checkout(reply: bytes) -> Answer:
    checkout: _Checkout = orjson.loads(reply)
    content = CHECKOUT.format(
        amount=escape(money.in_words(checkout["amount_minor"], checkout["currency"])),
        reference=escape(checkout["reference"]),
        status=escape(checkout["status"]),
        buttons={"pending": BUTTONS, "void": VOID}.get(checkout["status"], ""),
        back=_back(checkout),
    )
    return page("Sandbox checkout", content)


def _back(checkout: _Checkout) -> str:
    """Return a link back to the payer's program, whose URL billing has checked, or a hint without a URL."""
    url = checkout["return_url"]
    if url is None:
        return NO_WAY_BACK.get(checkout["status"], CLOSE)
    return BACK.format(url=escape(url), host=escape(urlsplit(url).netloc))
