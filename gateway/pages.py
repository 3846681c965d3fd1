"""The few pages that people see without a client of their own: where mailed links lead, and the sandbox's checkout.

They work without scripts, and a mailed link only shows a button: programs that look at links in mails must not use
them.
"""

from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from chassis.call import Call
from chassis.contract import Command
from chassis.errors import Conflict, Invalid, MatronError
from chassis.refusals import WRONG_FIELDS
from contracts import money
from contracts.auth.accounts.commands import ResetPassword, VerifyEmail
from contracts.billing.payments import FinishSandboxCheckout, GetSandboxCheckout
from gateway.html import page, refused
from gateway.server.http import Answer
from gateway.server.requests import MAX_STRANGERS_BODY, Request

VERIFY_TITLE = "Verify your address"
RESET_TITLE = "Set your password"
VERIFY = """<p>Press the button to show that this e-mail address is yours.</p>
<form method="post" action="/verify-email">
<input type="hidden" name="token" value="{token}">
<button>Verify my address</button>
</form>"""
RESET = """<form method="post" action="/reset-password">
<input type="hidden" name="token" value="{token}">
<p><label>Your new password, of 12 characters or more:<br>
<input type="password" name="password" minlength="12" maxlength="128" autocomplete="new-password" required></label></p>
<button>Set my password</button>
</form>"""
SIGN_IN = "<p>You can sign in now.</p>"
OPEN_THE_LINK = "<p>Open the link in the mail, or have a new one sent.</p>"
NO_LINK = """<p>It was replaced by a newer one, is older than 24 hours, or was not copied whole.</p>
<p>Try the newest mail that you have. Otherwise sign in, and have a new mail sent.</p>"""
TAKEN = "<p>Another account has this address by now. Sign in with that one, or give another address.</p>"
CLOSED = "<p>It cannot be used at present. Ask the hospital's desk.</p>"
CHECKOUT = """<p>This is a page for trying Matron. No money moves.</p>
<p>To pay: <strong>{amount}</strong> (reference {reference})</p>
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
OWED_NO_MORE = "<p>The invoice is void: you have nothing to pay.</p>\n"


def show_verification(_gateway: Any, request: Request) -> Answer:
    """Where the link of a verification mail leads."""
    token = request.query().get("token", "")
    return page(VERIFY_TITLE, VERIFY.format(token=escape(token)) if token else OPEN_THE_LINK)


def verify(gateway: Any, request: Request) -> Answer:
    """What happens when the button is pressed. A second press finds the address verified, and is no error."""
    token = _form(request).get("token", "")
    try:
        _ask(gateway, request, VerifyEmail, {"token": token})
    except Invalid as error:
        return page("This link does not work", NO_LINK, error.status)
    except Conflict as error:
        return _not_waiting(error)
    except MatronError as error:
        return refused(error, request, VERIFY_TITLE, VERIFY.format(token=escape(token)))
    return page("Your address is verified", SIGN_IN)


def _not_waiting(error: Conflict) -> Answer:
    """Why there is nothing to verify: it has been done, another account was faster, or the account is closed."""
    if error.facts.get("state") == "active":
        return page("Your address is verified already", SIGN_IN)
    if error.code == "email_taken":
        return page("This address is taken", TAKEN, error.status)
    return page("This account is closed", CLOSED, error.status)


def show_reset(_gateway: Any, request: Request) -> Answer:
    """Where the link of a mail leads with which a password is set: a lost one, or the first after an invitation."""
    return page(RESET_TITLE, _reset_form(request.query().get("token", "")))


def reset(gateway: Any, request: Request) -> Answer:
    """What happens when the button is pressed. What is wrong is said in words, with the form for another try."""
    form = _form(request)
    token = form.get("token", "")
    try:
        _ask(gateway, request, ResetPassword, {"token": token, "password": form.get("password", "")})
    except MatronError as error:
        return refused(error, request, RESET_TITLE, _reset_form(token if error.code != "token_not_valid" else ""))
    return page("Your password is set", SIGN_IN)


def _reset_form(token: str) -> str:
    """The form, unless there is no token to send with it."""
    return RESET.format(token=escape(token)) if token else OPEN_THE_LINK


def show_checkout(gateway: Any, request: Request) -> Answer:
    """The page of one payment, with a button to pay and one to decline."""
    return _checkout(_ask(gateway, request, GetSandboxCheckout, request.path_values))


def finish_checkout(gateway: Any, request: Request) -> Answer:
    """What happens when one of the buttons is pressed."""
    outcome = _form(request).get("outcome", "")
    if outcome not in ("pay", "decline"):
        raise WRONG_FIELDS("Some fields are wrong.", errors={"outcome": ["Must be pay or decline."]})
    return _checkout(_ask(gateway, request, FinishSandboxCheckout, {**request.path_values, "outcome": outcome}))


def _form(request: Request) -> dict[str, str]:
    """The fields of an HTML form. Invalid: too many."""
    try:
        values = parse_qs(request.body(MAX_STRANGERS_BODY).decode("utf-8", "replace"), max_num_fields=5)
    except ValueError:
        raise WRONG_FIELDS("The form has too many fields.") from None
    return {name: found[0] for name, found in values.items()}


def _ask(gateway: Any, request: Request, command: type[Command], payload: dict[str, str]) -> dict[str, Any]:
    call = Call(request_id=request.id, key=request.key(), address=request.address)
    with gateway.lines.turn(command, request.waited) as seconds:
        reply = gateway.rpc.call(command.service, command.method(), payload, call, seconds)
    found: dict[str, Any] = orjson.loads(reply.result_bytes)
    return found


def _checkout(checkout: dict[str, Any]) -> Answer:
    content = CHECKOUT.format(
        amount=escape(money.in_words(checkout["amount_minor"], checkout["currency"])),
        reference=escape(checkout["reference"]),
        status=escape(checkout["status"]),
        buttons={"pending": BUTTONS, "void": OWED_NO_MORE}.get(checkout["status"], ""),
        back=_back(checkout),
    )
    return page("Sandbox checkout", content)


def _back(checkout: dict[str, Any]) -> str:
    """The payer's way back, which billing has allowed; without one, what to do."""
    url = checkout["return_url"]
    if url is None:
        return NO_WAY_BACK.get(checkout["status"], CLOSE)
    return BACK.format(url=escape(url), host=escape(urlsplit(url).netloc))
