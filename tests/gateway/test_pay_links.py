"""The pages of a link to pay."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from gateway import pay_links
from gateway.server.http import Answer
from gateway.server.lines import Lines
from gateway.server.requests import Request
from tests.hospital import Hospital

UNKNOWN = f"/pay/{'q' * 43}"


def shown(**changes: Any) -> Answer:
    """Return the page of a link."""
    usual = {"hospital_name": "St <b>Anne</b>", "open_minor": 128050, "currency": "EUR", "providers": ["stripe"]}
    reply = SimpleNamespace(result_bytes=orjson.dumps({**usual, **changes}))
    gateway: Any = SimpleNamespace(lines=Lines(), rpc=SimpleNamespace(call=lambda *_more: reply))
    asking = Request({"REQUEST_METHOD": "GET", "QUERY_STRING": ""}, "a-request")
    asking.path_values = {"token": "secret"}
    return pay_links.show(gateway, asking)


def test_page_shows_the_hospital_and_the_amount_as_text() -> None:
    status, headers, body = shown()
    text = bytes(body).decode()
    assert (status, "St &lt;b&gt;Anne&lt;/b&gt;" in text, "1,280.50 EUR" in text) == (200, True, True)
    assert "script" not in text
    assert "form-action 'self' https: http:" in dict(headers)["Content-Security-Policy"]


def test_page_has_a_button_for_each_provider() -> None:
    text = bytes(shown(providers=["stripe", "paystack"])[2]).decode()
    assert [f'value="{name}"' in text for name in ("stripe", "paystack", "sandbox")] == [True, True, False]


def test_page_without_a_provider_names_the_desk() -> None:
    text = bytes(shown(providers=[])[2]).decode()
    assert ("<form" in text, "Ask the hospital's desk" in text) == (False, True)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_link_is_a_plain_page(hospital: Hospital, method: str) -> None:
    reply = hospital.call(method, UNKNOWN, data={"provider": "sandbox"} if method == "POST" else None)
    assert (reply.status_code, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "This link is not valid" in reply.text


def test_button_without_a_provider_is_refused(hospital: Hospital) -> None:
    assert hospital.call("POST", UNKNOWN, data={"provider": "bank"}).status_code == 422


def test_payer_returns_to_a_page_without_a_secret(hospital: Hospital) -> None:
    reply = hospital.call("GET", "/pay/return")
    assert (reply.status_code, "Thank you" in reply.text) == (200, True)
