"""The pages of mailed links."""

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
    """Answers or refuses each command, and records it."""

    def __init__(self, refusal: MatronError | None = None) -> None:
        self.refusal, self.asked, self.lines = refusal, list[tuple[str, dict[str, Any]]](), Lines()

    @property
    def rpc(self) -> "Gateway":
        """Return the gateway itself as its RPC client."""
        return self

    def call(self, _service: str, method: str, payload: dict[str, Any], *_more: object) -> SimpleNamespace:
        """Record the command, and answer."""
        self.asked.append((method, payload))
        if self.refusal is not None:
            raise self.refusal
        return SimpleNamespace(result_bytes=b'{"status":"password_set"}')


def request(query: str = "", **form: str) -> Request:
    """Return the request of a browser."""
    body = urlencode(form).encode()
    sent = SimpleNamespace(whole=lambda _most: body)
    wsgi = {"QUERY_STRING": query, "CONTENT_LENGTH": str(len(body)), "wsgi.input": sent}
    return Request({"REQUEST_METHOD": "POST" if form else "GET", **wsgi}, "a-request")


def shown(gateway: Gateway, asking: Request) -> tuple[int, str]:
    """Return the status and text of the reset page."""
    answer = pages.reset if asking.method == "POST" else pages.show_reset
    status, headers, body = answer(gateway, asking)
    assert dict(headers)["Content-Type"] == "text/html; charset=utf-8"
    return status, body.decode()


def test_reset_link_shows_a_form_and_calls_no_service() -> None:
    gateway = Gateway()
    status, text = shown(gateway, request("token=secret"))
    assert (status, gateway.asked) == (200, [])
    assert '<form method="post" action="/reset-password">' in text
    assert '<input type="hidden" name="token" value="secret">' in text


def test_reset_link_is_shown_as_escaped_text() -> None:
    _status, text = shown(Gateway(), request("token=%22%3E%3Cscript%3E"))
    assert "<script>" not in text


def test_reset_page_has_no_form_without_token() -> None:
    assert "<form" not in shown(Gateway(), request())[1]


def test_reset_form_sets_the_password() -> None:
    gateway = Gateway()
    status, text = shown(gateway, request(token="secret", password=" with blanks & signs+"))
    assert gateway.asked == [(ResetPassword.method(), {"token": "secret", "password": " with blanks & signs+"})]
    assert (status, "You can sign in now." in text, "<form" in text) == (200, True, False)


@pytest.mark.parametrize("refusal", [WEAK, BUSY])
def test_reset_page_shows_the_error_and_the_form_again(refusal: MatronError) -> None:
    status, text = shown(Gateway(refusal), request(token="secret", password="weak"))
    assert status == refusal.status
    assert refusal.detail in text
    assert 'value="secret"' in text
    assert "weak" not in text


def test_reset_page_shows_advice_for_a_better_password() -> None:
    assert "Three words are better." in shown(Gateway(WEAK), request(token="secret", password="weak"))[1]


def test_reset_page_has_no_form_when_link_has_ended() -> None:
    status, text = shown(Gateway(ENDED), request(token="secret", password="weak"))
    assert (status, ENDED.detail in text, "<form" in text) == (422, True, False)


def verified(gateway: Gateway, asking: Request) -> tuple[int, str]:
    """Return the status and text of the verification page."""
    answer = pages.verify if asking.method == "POST" else pages.show_verification
    status, headers, body = answer(gateway, asking)
    assert dict(headers)["Content-Type"] == "text/html; charset=utf-8"
    return status, body.decode()


def test_verification_link_shows_a_button_and_calls_no_service() -> None:
    gateway = Gateway()
    status, text = verified(gateway, request("token=secret"))
    assert (status, gateway.asked) == (200, [])
    assert '<input type="hidden" name="token" value="secret">' in text


def test_verification_button_verifies_the_address() -> None:
    gateway = Gateway()
    status, text = verified(gateway, request(token="secret"))
    assert gateway.asked == [(VerifyEmail.method(), {"token": "secret"})]
    assert (status, "You can sign in now." in text, "<form" in text) == (200, True, False)


@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [
        (VERIFIED, 200, "already verified"),
        (ENDED, 422, "request a new mail"),
        (TAKEN, 409, "Another account has this address"),
        (CLOSED, 409, "Ask the hospital's desk"),
        (BUSY, 503, "Too many wait for this just now."),
    ],
)
def test_verification_page_explains_each_outcome(refusal: MatronError, status: int, words: str) -> None:
    found, text = verified(Gateway(refusal), request(token="secret"))
    assert (found, words in text) == (status, True)
    assert ("<form" in text) == (refusal is BUSY), "a second press helps only after a temporary error"


def test_verification_page_has_no_button_without_token() -> None:
    assert "<form" not in verified(Gateway(), request())[1]


@pytest.mark.parametrize("command", [ResetPassword])
def test_reset_form_has_the_fields_of_its_contract(command: type[Command]) -> None:
    assert set(command.schema().fields) == {"token", "password"}
    assert 'minlength="12" maxlength="128"' in pages.RESET
