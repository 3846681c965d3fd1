"""An embedded hospital for all tests of the gateway, and tokens that it accepts."""

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
"""The bound of connections of one address: more than any test needs, except the tests of the bound."""


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Start a hospital without demo people."""
    with embedded_hospital(tmp_path_factory.mktemp("gateway"), MAX_CONNECTIONS_PER_ADDRESS=str(EACH)) as running:
        yield running


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Mint:
    """Return a mint whose tokens the hospital refuses."""
    return Mint(tmp_path_factory.mktemp("stranger") / "jwks.json")


@pytest.fixture(scope="session")
def token(hospital: Hospital, stranger: Mint) -> Callable[..., str]:
    """Return `token(*roles, **claims)`: signed with the hospital's key, for a person with an account."""
    key_id, key = keys.newest(hospital.folder / "keys" / "private")
    body = {"email": "asha@gateway.example", "password": PASSWORD, "name": "Asha Rao"}
    person = hospital.call("POST", "/api/auth/register", json=body).json()["id"]
    return lambda *roles, **changes: tokens.sign(key, key_id, stranger.claims(*roles, person=person, **changes))


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Start a hospital with low limits, behind one proxy, with two CORS origins."""
    settings = {
        "LIMIT_ACCOUNT": "20/hour",
        "LIMIT_SIGN_IN": "3/day",  # Windows of failures follow the clock: a day does not end within a test.
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
    """Return `token` for the strict hospital."""
    key_id, key = keys.newest(strict.folder / "keys" / "private")
    body = {"email": "asha@gateway.example", "password": PASSWORD, "name": "Asha Rao"}
    url, headers = f"{strict.url}/api/auth/register", {"X-Forwarded-For": "192.0.2.200"}
    person = requests.post(url, json=body, headers=headers, timeout=10).json()["id"]

    def made(*roles: str, **changes: Any) -> str:
        return tokens.sign(key, key_id, {**stranger.claims(*roles, person=person), **changes})

    return made


@pytest.fixture
def wire(hospital: Hospital) -> Iterator[Callable[..., Wire]]:
    """Return `wire()`: a bare connection to the gateway. `wire("127.0.0.2")` has another source address."""
    yield from wires(hospital)


@pytest.fixture
def slow_wire(strict: Hospital) -> Iterator[Callable[..., Wire]]:
    """Return `wire()` for the strict hospital, which waits a second for a request."""
    yield from wires(strict)


def wires(hospital: Hospital) -> Iterator[Callable[..., Wire]]:
    """Yield a function that connects, and close all its connections in the end."""
    opened: list[Wire] = []

    def connect(source: str = "") -> Wire:
        opened.append(Wire(hospital.url, source))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()
