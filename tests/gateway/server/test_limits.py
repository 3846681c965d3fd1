"""Requests are limited per account, and per network without a good token."""

from collections.abc import Callable
from itertools import count
from uuid import uuid4

import pytest
import requests
import time_machine

from chassis.config import ConfigError
from chassis.contract import Command
from chassis.errors import TooMany
from contracts.auth.fields import HASHING
from gateway import settings
from gateway.server import limits
from gateway.server.limits import Limits
from tests.guards.house import Routed, routes
from tests.hospital import Hospital
from tests.tokens import Mint

ME = "/api/users/me"
LOGIN = "/api/auth/login"
Ask = Callable[..., requests.Response]
NUMBERS = count(1)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Limits]:
    """Return `make(LIMIT_ADDRESS="2/minute")`: the limits of these settings."""

    def made(**chosen: str) -> Limits:
        for name, value in chosen.items():
            monkeypatch.setenv(name, value)
        return Limits(settings.load())

    return made


@pytest.fixture
def ask(strict: Hospital) -> Ask:
    """Return `ask(method, path)`: sends a request from a new address."""
    address = f"203.0.113.{next(NUMBERS)}"

    def asked(
        method: str, path: str, *, address: str = address, token: str = "", **options: object
    ) -> requests.Response:
        headers = {"X-Forwarded-For": address} | ({"Authorization": f"Bearer {token}"} if token else {})
        return requests.request(method, strict.url + path, headers=headers, timeout=10, **options)  # type: ignore[arg-type]

    return asked


def allowed(count_one: Callable[[], None], requests: int) -> int:
    """Count so many requests, and return how many are not refused."""
    passed = 0
    for _ in range(requests):
        try:
            count_one()
            passed += 1
        except TooMany as refused:
            assert refused.code == "rate_limited"  # noqa: PT017
    return passed


def test_account_limit_counts_each_account_apart(make: Callable[..., Limits]) -> None:
    made = make(LIMIT_ACCOUNT="3/minute")
    assert allowed(lambda: made.count_account("asha"), 5) == 3
    assert allowed(lambda: made.count_account("lena"), 5) == 3


def test_requests_are_allowed_again_when_window_has_ended(make: Callable[..., Limits]) -> None:
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False) as now:
        made = make(LIMIT_ADDRESS="3/minute")
        assert allowed(lambda: made.count_address("192.0.2.1"), 5) == 3
        now.shift(60)
        assert allowed(lambda: made.count_address("192.0.2.1"), 5) == 3


def test_refusal_says_when_window_ends(make: Callable[..., Limits]) -> None:
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False) as now:
        made = make(LIMIT_ADDRESS="1/minute")
        made.count_address("192.0.2.1")
        now.shift(20.5)
        with pytest.raises(TooMany) as refused:
            made.count_address("192.0.2.1")
    assert refused.value.facts == {"retry_after": 40, "rate_limit": 1}


def test_requests_are_all_allowed_without_a_limit(make: Callable[..., Limits]) -> None:
    made = make(LIMIT_ADDRESS="")
    assert allowed(lambda: made.count_address("192.0.2.1"), 2_000) == 2_000


def test_addresses_of_one_ipv6_network_are_counted_together(make: Callable[..., Limits]) -> None:
    made = make(LIMIT_ADDRESS="3/minute")
    hosts = iter(range(1, 100))
    assert allowed(lambda: made.count_address(f"2001:db8:1:2::{next(hosts)}"), 10) == 3
    assert allowed(lambda: made.count_address("2001:db8:1:3::1"), 10) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIMIT_ACCOUNT", "many"),
        ("LIMIT_SIGN_IN", "0/second"),
        ("LIMIT_SIGN_IN_TRIES", "many"),
        ("LIMIT_ADDRESS", "1/second;5/minute"),
        ("LIMIT_ADDRESS", "5/fortnight"),
        ("LIMITS_URL", "postgresql://x"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "all"),
        ("REQUEST_SECONDS", "0"),
        ("CORS_ORIGINS", "https://app.example/path"),
    ],
)
def test_malformed_setting_is_named(make: Callable[..., Limits], name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        make(**{name: value})


def test_malformed_settings_are_named_together(make: Callable[..., Limits]) -> None:
    with pytest.raises(ConfigError, match=r"(?s)LIMIT_ACCOUNT.*TRUSTED_PROXIES"):
        make(LIMIT_ACCOUNT="x", TRUSTED_PROXIES="x")


def test_request_over_limit_gets_429_with_rate_limit_headers(ask: Ask) -> None:
    replies = [ask("POST", LOGIN, json={}) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [422, 422, 422, 429]
    last = replies[-1]
    assert (last.json()["code"], last.headers["Content-Type"]) == ("rate_limited", "application/problem+json")
    assert (last.headers["RateLimit-Limit"], last.headers["RateLimit-Remaining"]) == ("3", "0")
    assert 1 <= int(last.headers["Retry-After"]) == int(last.headers["RateLimit-Reset"]) <= 86_400


def test_sign_in_commands_are_counted_apart(ask: Ask) -> None:
    for _ in range(4):
        ask("POST", LOGIN, json={})
    assert ask("POST", "/api/auth/register", json={}).status_code == 422


def test_reset_page_is_counted_with_the_reset_route(ask: Ask) -> None:
    statuses = [ask("POST", path).status_code for path in ("/reset-password", "/api/auth/reset-password") * 2]
    assert statuses == [422, 422, 422, 429]
    assert ask("GET", "/reset-password").status_code == 200


def test_password_guesses_are_limited_with_a_good_token(ask: Ask, strict_token: Callable[..., str]) -> None:
    statuses = [ask("POST", LOGIN, json={}, token=strict_token("patient")).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]


@pytest.mark.parametrize("path", [ME, "/api/nowhere", "/verify-email?token=x", "/docs"])
def test_requests_without_token_are_counted_by_address(ask: Ask, path: str) -> None:
    statuses = [ask("GET", path).status_code for _ in range(10)]
    assert statuses.count(429) == 2
    assert ask("GET", path, address="198.51.100.1").status_code != 429


def test_health_pages_have_no_limit(ask: Ask) -> None:
    assert {ask("GET", "/health/live").status_code for _ in range(20)} == {200}


def test_bad_tokens_are_counted_and_not_verified_over_the_limit(
    ask: Ask, stranger: Mint, strict_token: Callable[..., str]
) -> None:
    known = strict_token("patient")
    assert ask("GET", ME, token=known).status_code == 200
    statuses = [ask("GET", ME, token=stranger.token("patient")).status_code for _ in range(10)]
    assert statuses == [401] * 8 + [429] * 2
    assert ask("GET", ME, token=strict_token("patient", jti="new")).status_code == 429
    assert ask("GET", ME, token=known).status_code == 200


def test_account_is_counted_across_all_its_addresses(ask: Ask, strict_token: Callable[..., str]) -> None:
    token = strict_token("patient", sub="01919c5e-0000-7000-8000-0000000000c1")
    addresses = [f"198.51.100.{number}" for number in range(10, 33)]
    statuses = [ask("GET", "/api/doctors", token=token, address=address).status_code for address in addresses]
    assert statuses == [200] * 20 + [429] * 3


def takes_a_password(contract: type[Command]) -> bool:
    """Whether a command has a password hashed."""
    return any("password" in name for name in contract.schema().fields)


SIGNED_IN = [one for one in routes() if one.roles and takes_a_password(one.contract)]


@pytest.mark.parametrize("one", SIGNED_IN, ids=lambda one: f"{one.method} {one.url}")
def test_account_is_limited_when_it_has_passwords_hashed(
    ask: Ask, strict_token: Callable[..., str], one: Routed
) -> None:
    token, other = (strict_token("patient", sub=str(uuid4())) for _ in range(2))
    assert [ask(one.method, one.url, token=token, json={}).status_code for _ in range(4)] == [422, 422, 422, 429]
    elsewhere = f"198.51.101.{next(NUMBERS)}"
    assert ask(one.method, one.url, token=token, json={}, address=elsewhere).status_code == 429
    assert ask(one.method, one.url, token=other, json={}, address=elsewhere).status_code == 422


def test_commands_that_hash_a_password_are_counted_together(ask: Ask, strict_token: Callable[..., str]) -> None:
    token = strict_token("patient", sub=str(uuid4()))
    statuses = [ask(one.method, one.url, token=token, json={}).status_code for one in SIGNED_IN]
    assert statuses == [422] * 3 + [429] * (len(SIGNED_IN) - 3)
    assert ask("GET", "/api/doctors", token=token).status_code == 200


def test_commands_that_take_a_password_are_in_the_hashing_line() -> None:
    assert len(SIGNED_IN) >= 5
    assert {one.contract.line for one in SIGNED_IN} == {HASHING}


def test_guessable_commands_all_have_the_sign_in_limit() -> None:
    open_to_all = [one for one in routes() if one.method == "POST" and not one.roles]
    guessable = [one for one in open_to_all if not one.url.endswith(("/refresh", "/verify-email"))]
    assert {one.contract for one in guessable if one.url.startswith("/api/auth/")} <= limits.SIGN_IN
