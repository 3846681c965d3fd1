"""The built-in checkout page of the sandbox provider, for trying and testing; billing refuses unless allowed."""

from html import escape
from typing import Any
from urllib.parse import parse_qs

import orjson

from chassis.errors import Invalid
from chassis.execution import Call
from contracts.billing import FinishSandboxCheckout, GetSandboxCheckout
from gateway.http import Answer
from gateway.requests import Request

HTML = ("Content-Type", "text/html; charset=utf-8")
POLICY = ("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
SHOWN = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sandbox checkout</title></head>
<body>
<h1>Sandbox checkout</h1>
<p>This is a page for trying Matron. No money moves.</p>
<p>To pay: <strong>{amount} {currency}</strong> (reference {reference})</p>
<p id="status">Status: {status}</p>
{form}
</body>
</html>
"""
FORM = """<form method="post">
<button name="outcome" value="pay">Pay</button>
<button name="outcome" value="decline">Decline</button>
</form>"""


def show(gateway: Any, request: Request) -> Answer:
    """The page of one payment, with a button to pay and one to decline."""
    payload = {"reference": request.path_values["reference"]}
    return _page(_ask(gateway, request, GetSandboxCheckout, payload))


def finish(gateway: Any, request: Request) -> Answer:
    """What happens when one of the buttons is pressed."""
    values = parse_qs(request.body().decode("utf-8", "replace"), max_num_fields=5)
    outcome = values.get("outcome", [""])[0]
    if outcome not in ("pay", "decline"):
        raise Invalid("invalid", "Some fields are wrong.", {"errors": {"outcome": ["Must be pay or decline."]}})
    payload = {"reference": request.path_values["reference"], "outcome": outcome}
    return _page(_ask(gateway, request, FinishSandboxCheckout, payload))


def _ask(gateway: Any, request: Request, command: Any, payload: dict[str, str]) -> dict[str, Any]:
    call = Call(request_id=request.id, key=request.id, address=request.address)
    reply = gateway.rpc.call(command.service, command.method(), payload, call, command.deadline)
    found: dict[str, Any] = orjson.loads(reply.result_bytes)
    return found


def _page(checkout: dict[str, Any]) -> Answer:
    text = SHOWN.format(
        amount=f"{checkout['amount_minor'] / 100:.2f}",
        currency=escape(checkout["currency"]),
        reference=escape(checkout["reference"]),
        status=escape(checkout["status"]),
        form=FORM if checkout["status"] == "pending" else "",
    )
    return 200, [HTML, POLICY], text.encode()
