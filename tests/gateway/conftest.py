"""A hospital for all tests of the gateway, embedded, and tokens that it believes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

import tokens
from services.auth.sessions import keys
from tests.gateway.wire import Wire
from tests.hospital import Hospital, embedded_hospital
from tests.people import PASSWORD
from tests.tokens import Mint

EACH = 1200
"""Connections that one address may have here: more than the tests need at once, but for the one that wants to know."""


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A running hospital without demo people."""
    with embedded_hospital(tmp_path_factory.mktemp("gateway"), MAX_CONNECTIONS_PER_ADDRESS=str(EACH)) as running:
        yield running


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Mint:
    """Whose tokens nobody here believes."""
    return Mint(tmp_path_factory.mktemp("stranger") / "jwks.json")


@pytest.fixture(scope="session")
def token(hospital: Hospital, stranger: Mint) -> Callable[..., str]:
    """`token(*roles, **claims)`: signed with the hospital's own key, for a person who has an account."""
    key_id, key = keys.newest(hospital.folder / "keys" / "private")
    body = {"email": "asha@gateway.example", "password": PASSWORD, "name": "Asha Rao"}
    person = hospital.call("POST", "/api/auth/register", json=body).json()["id"]
    return lambda *roles, **changes: tokens.sign(key, key_id, stranger.claims(*roles, person=person, **changes))


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A hospital with low limits, behind one proxy, which lets the pages of one origin in."""
    settings = {
        "LIMIT_ACCOUNT": "20/hour",
        "LIMIT_SIGN_IN": "3/day",  # Its windows for failures are the clock's: no hour ends within a test.
        "LIMIT_SIGN_IN_TRIES": "8/hour",
        "LIMIT_ADDRESS": "8/hour",
        "TRUSTED_PROXIES": "1",
        "REQUEST_SECONDS": "1",
        "CORS_ORIGINS": "https://app.example, https://desk.example",
    }
    with embedded_hospital(tmp_path_factory.mktemp("strict"), **settings) as running:
        yield running


@pytest.fixture(scope="session")
def strict_token(strict: Hospital, stranger: Mint) -> Callable[..., str]:
    """The same as `token`, for the strict hospital."""
    key_id, key = keys.newest(strict.folder / "keys" / "private")
    body = {"email": "asha@gateway.example", "password": PASSWORD, "name": "Asha Rao"}
    url, headers = f"{strict.url}/api/auth/register", {"X-Forwarded-For": "192.0.2.200"}
    person = requests.post(url, json=body, headers=headers, timeout=10).json()["id"]

    def made(*roles: str, **changes: Any) -> str:
        return tokens.sign(key, key_id, {**stranger.claims(*roles, person=person), **changes})

    return made


@pytest.fixture
def wire(hospital: Hospital) -> Iterator[Callable[..., Wire]]:
    """`wire()`: a bare connection to the gateway; `wire("127.0.0.2")` comes from another address."""
    yield from wires(hospital)


@pytest.fixture
def slow_wire(strict: Hospital) -> Iterator[Callable[..., Wire]]:
    """The same to one that waits a second for a request."""
    yield from wires(strict)


def wires(hospital: Hospital) -> Iterator[Callable[..., Wire]]:
    """A function that connects; all its connections are closed in the end."""
    opened: list[Wire] = []

    def connect(source: str = "") -> Wire:
        opened.append(Wire(hospital.url, source))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()
