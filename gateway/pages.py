"""The few pages that people see without a client of their own: where mailed links lead, and the sandbox's checkout.

They work without scripts, and a mailed link only shows a button: programs that look at links in mails must not use
them.
"""

from html import escape
from typing import Any
from urllib.parse import parse_qs

import orjson

from chassis.contract import Command
from chassis.errors import Invalid, MatronError
from chassis.execution import Call
from contracts.auth import ResetPassword, VerifyEmail
from contracts.billing import FinishSandboxCheckout, GetSandboxCheckout
from gateway.http import Answer
from gateway.requests import MAX_STRANGERS_BODY, Request

HTML = ("Content-Type", "text/html; charset=utf-8")
POLICY = ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
RESET_TITLE = "Set your password"
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<h1>{title}</h1>
{content}
</body>
</html>
"""
VERIFY = """<form method="post" action="/verify-email">
<input type="hidden" name="token" value="{token}">
<button>Verify my address</button>
</form>"""
RESET = """<form method="post" action="/reset-password">
<input type="hidden" name="token" value="{token}">
<p><label>Your new password, of 12 characters or more:<br>
<input type="password" name="password" minlength="12" maxlength="128" autocomplete="new-password" required></label></p>
<button>Set my password</button>
</form>"""
CHECKOUT = """<p>This is a page for trying Matron. No money moves.</p>
<p>To pay: <strong>{amount} {currency}</strong> (reference {reference})</p>
<p id="status">Status: {status}</p>
{buttons}"""
BUTTONS = """<form method="post">
<button name="outcome" value="pay">Pay</button>
<button name="outcome" value="decline">Decline</button>
</form>"""


def show_verification(_gateway: Any, request: Request) -> Answer:
    """Where the link of a verification mail leads."""
    return _page("Verify your address", VERIFY.format(token=escape(request.query().get("token", ""))))


def verify(gateway: Any, request: Request) -> Answer:
    """What happens when the button is pressed. Invalid: `token_not_valid`."""
    _ask(gateway, request, VerifyEmail, {"token": _form(request).get("token", "")})
    return _page("Verify your address", "<p>Your address is verified. You can sign in now.</p>")


def show_reset(_gateway: Any, request: Request) -> Answer:
    """Where the link of a mail leads with which a password is set: a lost one, or the first after an invitation."""
    return _reset_form(request.query().get("token", ""))


def reset(gateway: Any, request: Request) -> Answer:
    """What happens when the button is pressed. What is wrong is said in words, with the form for another try."""
    form = _form(request)
    token = form.get("token", "")
    try:
        _ask(gateway, request, ResetPassword, {"token": token, "password": form.get("password", "")})
    except MatronError as error:
        return _reset_form(token if error.code != "token_not_valid" else "", error)
    return _page(RESET_TITLE, "<p>Your password is set. You can sign in now.</p>")


def _reset_form(token: str, error: MatronError | None = None) -> Answer:
    """The form, unless there is no token to send with it, below what went wrong."""
    said = _in_words(error) if error else ""
    form = RESET.format(token=escape(token)) if token else "<p>Open the link in the mail, or have a new one sent.</p>"
    return _page(RESET_TITLE, said + form, error.status if error else 200)


def _in_words(error: MatronError) -> str:
    """What went wrong, and what is wrong with the password."""
    messages = error.facts.get("errors", {}).get("password", [])
    return "".join(f"<p>{escape(text)}</p>\n" for text in (error.detail, *messages))


def show_checkout(gateway: Any, request: Request) -> Answer:
    """The page of one payment, with a button to pay and one to decline."""
    return _checkout(_ask(gateway, request, GetSandboxCheckout, request.path_values))


def finish_checkout(gateway: Any, request: Request) -> Answer:
    """What happens when one of the buttons is pressed."""
    outcome = _form(request).get("outcome", "")
    if outcome not in ("pay", "decline"):
        raise Invalid("invalid", "Some fields are wrong.", {"errors": {"outcome": ["Must be pay or decline."]}})
    return _checkout(_ask(gateway, request, FinishSandboxCheckout, {**request.path_values, "outcome": outcome}))


def _form(request: Request) -> dict[str, str]:
    """The fields of an HTML form. Invalid: too many."""
    try:
        values = parse_qs(request.body(MAX_STRANGERS_BODY).decode("utf-8", "replace"), max_num_fields=5)
    except ValueError:
        raise Invalid("invalid", "The form has too many fields.") from None
    return {name: found[0] for name, found in values.items()}


def _ask(gateway: Any, request: Request, command: type[Command], payload: dict[str, str]) -> dict[str, Any]:
    call = Call(request_id=request.id, key=request.key(), address=request.address)
    with gateway.lines.turn(command) as seconds:
        reply = gateway.rpc.call(command.service, command.method(), payload, call, seconds)
    found: dict[str, Any] = orjson.loads(reply.result_bytes)
    return found


def _checkout(checkout: dict[str, Any]) -> Answer:
    content = CHECKOUT.format(
        amount=f"{checkout['amount_minor'] / 100:.2f}",
        currency=escape(checkout["currency"]),
        reference=escape(checkout["reference"]),
        status=escape(checkout["status"]),
        buttons=BUTTONS if checkout["status"] == "pending" else "",
    )
    return _page("Sandbox checkout", content)


def _page(title: str, content: str, status: int = 200) -> Answer:
    return status, [HTML, POLICY], PAGE.format(title=title, content=content).encode()
