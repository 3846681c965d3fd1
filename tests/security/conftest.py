"""A hospital for all attacks, with people of each role, and a log at its most detailed level."""

from collections.abc import Callable, Iterator

import pytest

from contracts.roles import Role
from matron.demo import PASSWORD as DEMO_PASSWORD
from matron.demo import PEOPLE
from tests.hospital import Hospital, embedded_hospital
from tests.people import Person, sign_in

Staff = Callable[[Role], Person]
CANARY = "Quentin Zwickelmayer"
"""A name that no other text contains."""


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Start a hospital with demo people."""
    folder = tmp_path_factory.mktemp("security") / "var"
    folder.mkdir(mode=0o755)
    with embedded_hospital(folder, demo=True, LOG_LEVEL="DEBUG") as running:
        yield running


@pytest.fixture(scope="module")
def person_of(hospital: Hospital) -> Staff:
    """Return `person_of(role)`: a signed-in demo person with the role. A module is done before the tokens expire."""
    known: dict[Role, Person] = {}

    def found(role: Role) -> Person:
        if role not in known:
            email = next(person.email for person in PEOPLE if person.role is role)
            known[role] = sign_in(hospital, email, DEMO_PASSWORD)
        return known[role]

    return found


@pytest.fixture(scope="session")
def other_of(hospital: Hospital) -> Staff:
    """Return `other_of(role)`: another demo person with the role."""

    def found(role: Role) -> Person:
        email = [person.email for person in PEOPLE if person.role is role][-1]
        return sign_in(hospital, email, DEMO_PASSWORD)

    return found
