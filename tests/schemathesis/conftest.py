"""A hospital with demo people, and their tokens."""

from collections.abc import Callable, Iterator

import pytest
from uuid_utils.compat import uuid7

import tokens
from matron import demo
from services.auth.sessions import keys
from tests.hospital import IMPATIENT, Hospital, embedded_hospital
from tests.people import Person, sign_in
from tests.schemathesis.system import NOBODY
from tests.tokens import Mint

Headers = Callable[[str], dict[str, str]]


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Start a hospital with demo people."""
    with embedded_hospital(tmp_path_factory.mktemp("schemathesis"), demo=True, program=IMPATIENT) as running:
        yield running


@pytest.fixture(scope="session")
def people(hospital: Hospital) -> dict[str, Person]:
    """Return a signed-in person of each role."""
    found = {person.role.value: person.email for person in reversed(demo.PEOPLE)}
    return {role: sign_in(hospital, email, demo.PASSWORD) for role, email in found.items()}


@pytest.fixture(scope="session")
def headers(hospital: Hospital, people: dict[str, Person], tmp_path_factory: pytest.TempPathFactory) -> Headers:
    """Return `headers(who)`: a token of a new session each time, since a request may end its session."""
    key_id, key = keys.newest(hospital.folder / "keys" / "private")
    mint = Mint(tmp_path_factory.mktemp("mint") / "jwks.json")

    def made(who: str) -> dict[str, str]:
        if who == NOBODY:
            return {}
        claims = mint.claims(who, person=people[who].id, sid=str(uuid7()))
        return {"Authorization": f"Bearer {tokens.sign(key, key_id, claims)}"}

    return made
