"""The hosted checkout page: the amount, and the buttons Pay, Decline and Abandon."""

import html
from dataclasses import dataclass
from enum import StrEnum
from string import Template

from tests.sandboxes.scenarios import Scenario


class Button(StrEnum):
    """A button of the page."""

    PAY = "pay"
    DECLINE = "decline"
    ABANDON = "abandon"


@dataclass(frozen=True)
class Checkout:
    """What the page shows."""

    provider: str
    reference: str
    title: str
    amount: str
    """The amount with its currency, such as `12.50 EUR`."""
    is_open: bool
    """Whether the buttons still do something."""


PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>$provider sandbox</title>
<style>body{font:16px sans-serif;max-width:26em;margin:3em auto;padding:0 1em}
button{font:inherit;padding:.6em 1em}</style>
<h1>$provider sandbox</h1>
<p>$title</p>
<p><strong>$amount</strong></p>
$body
<p><small>No money moves. Reference $reference</small></p>
</html>
""")
FORM = Template("""<form method="post">
<p><label>Scenario <select name="scenario">$choices</select></label></p>
<p>$buttons</p>
</form>""")


def render(checkout: Checkout, scenario: Scenario) -> str:
    """Return the page as HTML."""
    shown = {name: html.escape(str(getattr(checkout, name))) for name in ("provider", "reference", "title", "amount")}
    return PAGE.substitute(shown, body=_form(scenario) if checkout.is_open else "<p>This checkout is closed.</p>")


def _form(scenario: Scenario) -> str:
    choices = "".join(f"<option{' selected' if one is scenario else ''}>{one}</option>" for one in Scenario)
    buttons = " ".join(f'<button name="button" value="{one}">{one.title()}</button>' for one in Button)
    return FORM.substitute(choices=choices, buttons=buttons)
