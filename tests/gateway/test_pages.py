"""The pages that mailed links lead to, without a gateway around them."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from chassis.contract import Command
from chassis.errors import Conflict, Invalid, MatronError, Unavailable
from contracts.auth.accounts.commands import ResetPassword, VerifyEmail
from gateway import pages
from gateway.server.lines import Lines
from gateway.server.requests import Request

WEAK = Invalid("password_too_common", "This is easy to guess.", {"errors": {"password": ["Three words are better."]}})
ENDED = Invalid("token_not_valid", "The link is unknown, used or ended.", {"errors": {"token": ["Not valid."]}})
VERIFIED = Conflict("not_pending_verification", "The address is verified already.", {"state": "active"})
CLOSED = Conflict("not_pending_verification", "The account is deactivated.", {"state": "deactivated"})
TAKEN = Conflict("email_taken", "There is an account with this address.")
BUSY = Unavailable("busy", "Too many wait for this just now.", {"retry_after": 1})


class Gateway:
    """Answers each command, or refuses it, and keeps what it was asked."""

    def __init__(self, refusal: MatronError | None = None) -> None:
        self.refusal, self.asked, self.lines = refusal, list[tuple[str, dict[str, Any]]](), Lines()

    @property
    def rpc(self) -> "Gateway":
        """Calls itself."""
        return self

    def call(self, _service: str, method: str, payload: dict[str, Any], *_more: object) -> SimpleNamespace:
        """Answer."""
        self.asked.append((method, payload))
        if self.refusal is not None:
            raise self.refusal
        return SimpleNamespace(result_bytes=b'{"status":"password_set"}')


def request(query: str = "", **form: str) -> Request:
    """What a browser sends."""
    body = urlencode(form).encode()
    sent = SimpleNamespace(whole=lambda _most: body)
    wsgi = {"QUERY_STRING": query, "CONTENT_LENGTH": str(len(body)), "wsgi.input": sent}
    return Request({"REQUEST_METHOD": "POST" if form else "GET", **wsgi}, "a-request")


def shown(gateway: Gateway, asking: Request) -> tuple[int, str]:
    """Status and text of the page."""
    answer = pages.reset if asking.method == "POST" else pages.show_reset
    status, headers, body = answer(gateway, asking)
    assert dict(headers)["Content-Type"] == "text/html; charset=utf-8"
    return status, body.decode()


def test_the_link_of_the_mail_shows_a_form_and_asks_nothing_of_auth() -> None:
    gateway = Gateway()
    status, text = shown(gateway, request("token=secret"))
    assert (status, gateway.asked) == (200, [])
    assert '<form method="post" action="/reset-password">' in text
    assert '<input type="hidden" name="token" value="secret">' in text


def test_what_stands_in_the_link_is_text_and_nothing_else() -> None:
    _status, text = shown(Gateway(), request("token=%22%3E%3Cscript%3E"))
    assert "<script>" not in text


def test_without_a_token_there_is_nothing_to_fill_in() -> None:
    assert "<form" not in shown(Gateway(), request())[1]


def test_the_form_sets_the_password() -> None:
    gateway = Gateway()
    status, text = shown(gateway, request(token="secret", password=" with blanks & signs+"))
    assert gateway.asked == [(ResetPassword.method(), {"token": "secret", "password": " with blanks & signs+"})]
    assert (status, "You can sign in now." in text, "<form" in text) == (200, True, False)


@pytest.mark.parametrize("refusal", [WEAK, BUSY])
def test_what_is_wrong_is_said_above_the_form_for_another_try(refusal: MatronError) -> None:
    status, text = shown(Gateway(refusal), request(token="secret", password="weak"))
    assert status == refusal.status
    assert refusal.detail in text
    assert 'value="secret"' in text
    assert "weak" not in text


def test_what_would_be_a_better_password_is_said() -> None:
    assert "Three words are better." in shown(Gateway(WEAK), request(token="secret", password="weak"))[1]


def test_with_a_link_that_has_ended_there_is_no_other_try() -> None:
    status, text = shown(Gateway(ENDED), request(token="secret", password="weak"))
    assert (status, ENDED.detail in text, "<form" in text) == (422, True, False)


def verified(gateway: Gateway, asking: Request) -> tuple[int, str]:
    """Status and text of the page behind a verification link."""
    answer = pages.verify if asking.method == "POST" else pages.show_verification
    status, headers, body = answer(gateway, asking)
    assert dict(headers)["Content-Type"] == "text/html; charset=utf-8"
    return status, body.decode()


def test_a_verification_link_shows_a_button_and_asks_nothing_of_auth() -> None:
    gateway = Gateway()
    status, text = verified(gateway, request("token=secret"))
    assert (status, gateway.asked) == (200, [])
    assert '<input type="hidden" name="token" value="secret">' in text


def test_the_button_verifies_the_address() -> None:
    gateway = Gateway()
    status, text = verified(gateway, request(token="secret"))
    assert gateway.asked == [(VerifyEmail.method(), {"token": "secret"})]
    assert (status, "You can sign in now." in text, "<form" in text) == (200, True, False)


@pytest.mark.parametrize(
    ("refusal", "status", "said"),
    [
        (VERIFIED, 200, "verified already"),
        (ENDED, 422, "have a new mail sent"),
        (TAKEN, 409, "Another account has this address"),
        (CLOSED, 409, "Ask the hospital's desk"),
        (BUSY, 503, "Too many wait for this just now."),
    ],
)
def test_each_outcome_of_a_verification_is_said_in_words(refusal: MatronError, status: int, said: str) -> None:
    found, text = verified(Gateway(refusal), request(token="secret"))
    assert (found, said in text) == (status, True)
    assert ("<form" in text) == (refusal is BUSY), "another press helps only when the first was not heard"


def test_a_verification_link_without_a_token_has_no_button() -> None:
    assert "<form" not in verified(Gateway(), request())[1]


@pytest.mark.parametrize("command", [ResetPassword])
def test_the_form_asks_for_what_the_contract_takes(command: type[Command]) -> None:
    assert set(command.schema().fields) == {"token", "password"}
    assert 'minlength="12" maxlength="128"' in pages.RESET
