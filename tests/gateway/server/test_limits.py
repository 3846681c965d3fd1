"""Nobody asks more often than his limit: counted per account, and per network of those who are not signed in."""

import socket
from collections.abc import Callable, Iterator
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
from gateway.server.limits import Counts, Limits
from tests.gateway.store import redis_like
from tests.guards.house import Routed, routes
from tests.hospital import Hospital
from tests.servers.processes import free_ports
from tests.tokens import Mint

ME = "/api/users/me"
LOGIN = "/api/auth/login"
Ask = Callable[..., requests.Response]
PLACES = count(1)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Limits]:
    """`make(LIMIT_ADDRESS="2/minute")`: the limits of these settings."""

    def made(**chosen: str) -> Limits:
        for name, value in chosen.items():
            monkeypatch.setenv(name, value)
        return Limits(settings.load())

    return made


@pytest.fixture
def ask(strict: Hospital) -> Ask:
    """`ask(method, path)`: from an address that nobody has asked from before."""
    place = f"203.0.113.{next(PLACES)}"

    def asked(method: str, path: str, *, place: str = place, token: str = "", **options: object) -> requests.Response:
        headers = {"X-Forwarded-For": place} | ({"Authorization": f"Bearer {token}"} if token else {})
        return requests.request(method, strict.url + path, headers=headers, timeout=10, **options)  # type: ignore[arg-type]

    return asked


def allowed(question: Callable[[], None], tries: int) -> int:
    """How many of so many tries are not refused."""
    passed = 0
    for _ in range(tries):
        try:
            question()
            passed += 1
        except TooMany as refused:
            assert refused.code == "rate_limited"  # noqa: PT017
    return passed


def test_an_account_has_its_limit_and_no_other_pays_for_it(make: Callable[..., Limits]) -> None:
    made = make(LIMIT_ACCOUNT="3/minute")
    assert allowed(lambda: made.count_account("asha"), 5) == 3
    assert allowed(lambda: made.count_account("lena"), 5) == 3


def test_the_window_ends(make: Callable[..., Limits]) -> None:
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False) as now:
        made = make(LIMIT_ADDRESS="3/minute")
        assert allowed(lambda: made.count_address("192.0.2.1"), 5) == 3
        now.shift(60)
        assert allowed(lambda: made.count_address("192.0.2.1"), 5) == 3


def test_who_is_refused_learns_when_to_come_back(make: Callable[..., Limits]) -> None:
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False) as now:
        made = make(LIMIT_ADDRESS="1/minute")
        made.count_address("192.0.2.1")
        now.shift(20.5)
        with pytest.raises(TooMany) as refused:
            made.count_address("192.0.2.1")
    assert refused.value.facts == {"retry_after": 40, "rate_limit": 1}


def test_no_limit_refuses_nobody(make: Callable[..., Limits]) -> None:
    made = make(LIMIT_ADDRESS="")
    assert allowed(lambda: made.count_address("192.0.2.1"), 2_000) == 2_000


def test_the_addresses_of_one_ipv6_network_are_one(make: Callable[..., Limits]) -> None:
    made = make(LIMIT_ADDRESS="3/minute")
    hosts = iter(range(1, 100))
    assert allowed(lambda: made.count_address(f"2001:db8:1:2::{next(hosts)}"), 10) == 3
    assert allowed(lambda: made.count_address("2001:db8:1:3::1"), 10) == 3


def test_counts_that_have_ended_are_forgotten() -> None:
    counts = Counts()
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False) as now:
        for number in range(200):
            for host in range(limits.SWEEP_AT // 10):
                counts.incr(f"{number}.{host}", 60)
            now.shift(60)
    assert len(counts.counts) <= limits.SWEEP_AT


def test_counts_never_need_more_than_bounded_memory() -> None:
    counts = Counts()
    for number in range(limits.MAX_COUNTS + limits.SWEEP_AT):
        counts.incr(str(number), 3_600)
    assert len(counts.counts) <= limits.MAX_COUNTS


def test_gateways_that_share_a_redis_count_together(make: Callable[..., Limits]) -> None:
    with redis_like() as (url, counts):
        one, other = (make(LIMITS_URL=url, LIMIT_ADDRESS="3/minute") for _ in range(2))
        assert allowed(lambda: one.count_address("192.0.2.1"), 2) == 2
        assert allowed(lambda: other.count_address("192.0.2.1"), 2) == 1
        with pytest.raises(TooMany) as refused:
            one.check_address("192.0.2.1")
        one.shared.storage.storage.close()  # type: ignore[union-attr]
        other.shared.storage.storage.close()  # type: ignore[union-attr]
    assert list(counts.values()) == [4]
    assert refused.value.facts["retry_after"] in (42, 43)


def test_while_redis_is_down_each_gateway_counts_for_itself(make: Callable[..., Limits]) -> None:
    (port,) = free_ports(1)
    made = make(LIMITS_URL=f"redis://127.0.0.1:{port}", LIMIT_ADDRESS="3/minute")
    failed = limits.STORE_FAILED._value.get()
    assert allowed(lambda: made.count_address("192.0.2.1"), 5) == 3
    assert limits.STORE_FAILED._value.get() == failed + 1


def test_a_redis_that_is_back_counts_again(make: Callable[..., Limits]) -> None:
    with redis_like() as (url, counts):
        made = make(LIMITS_URL=url, LIMIT_ADDRESS="3/minute")
        made._store_failed(OSError())
        made.count_address("192.0.2.1")
        assert not counts
        made.absent_until = 1e-9
        made.count_address("192.0.2.1")
        made.shared.storage.storage.close()  # type: ignore[union-attr]
    assert list(counts.values()) == [1]


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a store that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"


def test_a_silent_redis_holds_nobody_up(make: Callable[..., Limits], silent: str) -> None:
    made = make(LIMITS_URL=silent, LIMIT_ADDRESS="3/minute")
    with time_machine.travel("2030-01-01T00:00:00Z", tick=True):
        began = limits.time.time()
        assert allowed(lambda: made.count_address("192.0.2.1"), 5) == 3
        assert limits.time.time() - began < 2 * limits.STORE_SECONDS


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
def test_a_malformed_setting_is_named(make: Callable[..., Limits], name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        make(**{name: value})


def test_all_malformed_settings_are_named_at_once(make: Callable[..., Limits]) -> None:
    with pytest.raises(ConfigError, match=r"(?s)LIMIT_ACCOUNT.*TRUSTED_PROXIES"):
        make(LIMIT_ACCOUNT="x", TRUSTED_PROXIES="x")


def test_over_the_limit_is_429_with_the_headers_that_say_so(ask: Ask) -> None:
    replies = [ask("POST", LOGIN, json={}) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [422, 422, 422, 429]
    last = replies[-1]
    assert (last.json()["code"], last.headers["Content-Type"]) == ("rate_limited", "application/problem+json")
    assert (last.headers["RateLimit-Limit"], last.headers["RateLimit-Remaining"]) == ("3", "0")
    assert 1 <= int(last.headers["Retry-After"]) == int(last.headers["RateLimit-Reset"]) <= 86_400


def test_each_way_of_signing_in_is_counted_for_itself(ask: Ask) -> None:
    for _ in range(4):
        ask("POST", LOGIN, json={})
    assert ask("POST", "/api/auth/register", json={}).status_code == 422


def test_the_page_that_sets_a_password_is_counted_with_the_route_that_does(ask: Ask) -> None:
    statuses = [ask("POST", path).status_code for path in ("/reset-password", "/api/auth/reset-password") * 2]
    assert statuses == [422, 422, 422, 429]
    assert ask("GET", "/reset-password").status_code == 200


def test_a_good_token_does_not_help_to_guess_passwords(ask: Ask, strict_token: Callable[..., str]) -> None:
    statuses = [ask("POST", LOGIN, json={}, token=strict_token("patient")).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]


@pytest.mark.parametrize("path", [ME, "/api/nowhere", "/verify-email?token=x", "/docs"])
def test_whoever_is_not_signed_in_is_counted_by_address(ask: Ask, path: str) -> None:
    statuses = [ask("GET", path).status_code for _ in range(10)]
    assert statuses.count(429) == 2
    assert ask("GET", path, place="198.51.100.1").status_code != 429


def test_health_pages_are_not_counted(ask: Ask) -> None:
    assert {ask("GET", "/health/live").status_code for _ in range(20)} == {200}


def test_guessed_tokens_are_counted_and_none_is_looked_at_over_the_limit(
    ask: Ask, stranger: Mint, strict_token: Callable[..., str]
) -> None:
    known = strict_token("patient")
    assert ask("GET", ME, token=known).status_code == 200
    statuses = [ask("GET", ME, token=stranger.token("patient")).status_code for _ in range(10)]
    assert statuses == [401] * 8 + [429] * 2
    assert ask("GET", ME, token=strict_token("patient", jti="new")).status_code == 429
    assert ask("GET", ME, token=known).status_code == 200


def test_an_account_is_counted_wherever_it_asks_from(ask: Ask, strict_token: Callable[..., str]) -> None:
    token = strict_token("patient", sub="01919c5e-0000-7000-8000-0000000000c1")
    places = [f"198.51.100.{number}" for number in range(10, 33)]
    statuses = [ask("GET", "/api/doctors", token=token, place=place).status_code for place in places]
    assert statuses == [200] * 20 + [429] * 3


def takes_a_password(contract: type[Command]) -> bool:
    """Whether it has one hashed."""
    return any("password" in name for name in contract.schema().fields)


SIGNED_IN = [one for one in routes() if one.roles and takes_a_password(one.contract)]


@pytest.mark.parametrize("one", SIGNED_IN, ids=lambda one: f"{one.method} {one.url}")
def test_who_is_signed_in_has_few_passwords_hashed(ask: Ask, strict_token: Callable[..., str], one: Routed) -> None:
    token, other = (strict_token("patient", sub=str(uuid4())) for _ in range(2))
    assert [ask(one.method, one.url, token=token, json={}).status_code for _ in range(4)] == [422, 422, 422, 429]
    elsewhere = f"198.51.101.{next(PLACES)}"
    assert ask(one.method, one.url, token=token, json={}, place=elsewhere).status_code == 429
    assert ask(one.method, one.url, token=other, json={}, place=elsewhere).status_code == 422


def test_all_that_has_a_password_hashed_is_counted_together(ask: Ask, strict_token: Callable[..., str]) -> None:
    token = strict_token("patient", sub=str(uuid4()))
    statuses = [ask(one.method, one.url, token=token, json={}).status_code for one in SIGNED_IN]
    assert statuses == [422] * 3 + [429] * (len(SIGNED_IN) - 3)
    assert ask("GET", "/api/doctors", token=token).status_code == 200


def test_every_command_of_who_is_signed_in_that_takes_a_password_is_in_the_line_that_is_counted() -> None:
    assert len(SIGNED_IN) >= 5
    assert {one.contract.line for one in SIGNED_IN} == {HASHING}


def test_every_route_where_something_can_be_guessed_has_the_strict_limit() -> None:
    open_to_all = {one.url for one in routes() if one.method == "POST" and not one.roles}
    guessable = {url for url in open_to_all if not url.endswith(("/refresh", "/verify-email"))}
    assert {url for url in guessable if url.startswith("/api/auth/")} <= limits.SIGN_IN
