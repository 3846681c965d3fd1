"""The sandbox's checkout page before and after the payment."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from gateway import pages
from gateway.server.lines import Lines
from gateway.server.requests import Request

APP = "https://app.example/invoices?a=1&b=2"


def shown(**checkout: Any) -> str:
    """Return the page of a checkout."""
    usual = {"reference": "r", "amount_minor": 100, "currency": "EUR", "status": "pending", "return_url": None}
    reply = SimpleNamespace(result_bytes=orjson.dumps({**usual, **checkout}))
    gateway = SimpleNamespace(lines=Lines(), rpc=SimpleNamespace(call=lambda *_more: reply))
    asking = Request({"REQUEST_METHOD": "GET", "QUERY_STRING": ""}, "a-request")
    asking.path_values = {"reference": "r"}
    _status, _headers, body = pages.show_checkout(gateway, asking)
    return body.decode()


@pytest.mark.parametrize("status", ["pending", "succeeded", "failed", "void"])
def test_checkout_page_links_back_before_and_after_payment(status: str) -> None:
    text = shown(status=status, return_url=APP)
    link = '<a href="https://app.example/invoices?a=1&amp;b=2" rel="noreferrer">Back to app.example</a>'
    assert (link in text, 'value="pay"' in text) == (True, status == "pending")


@pytest.mark.parametrize(
    ("status", "words"),
    [("pending", "To pay later, close this window."), ("succeeded", "You may close this window.")],
)
def test_checkout_page_may_be_closed_without_a_return_url(status: str, words: str) -> None:
    assert words in shown(status=status)


def test_checkout_page_says_nothing_to_pay_when_invoice_is_void() -> None:
    assert "you have nothing to pay" in shown(status="void")
