"""A hospital for all tests of the gateway, embedded, and tokens that it believes."""

from collections.abc import Callable, Iterator

import pytest

from chassis import identity
from services.auth import keys
from tests.gateway.wire import Wire
from tests.hospital import Hospital, embedded_hospital
from tests.people import PASSWORD
from tests.tokens import Mint


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A running hospital without demo people."""
    with embedded_hospital(tmp_path_factory.mktemp("gateway")) as running:
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
    return lambda *roles, **changes: identity.sign(key, key_id, stranger.claims(*roles, person=person, **changes))


@pytest.fixture
def wire(hospital: Hospital) -> Iterator[Callable[[], Wire]]:
    """`wire()`: a bare connection to the gateway."""
    opened: list[Wire] = []

    def connect() -> Wire:
        opened.append(Wire(hospital.url))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()
