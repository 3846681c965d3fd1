"""The hospital of the journeys: embedded, and on real servers."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from chassis.config import SERVICES
from tests.hospital import Hospital, another_gateway, embedded_hospital, served_hospital
from tests.people import Person, make_admin

KINDS = [pytest.param("embedded"), pytest.param("servers", marks=pytest.mark.servers)]


@pytest.fixture(scope="session", params=KINDS)
def hospital(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A running hospital."""
    folder = tmp_path_factory.mktemp(f"hospital-{request.param}")
    if request.param == "embedded":
        with embedded_hospital(folder) as running:
            yield running
        return
    postgresql = request.getfixturevalue("postgresql")
    urls = {name: postgresql.create_database(f"journey_{name}") for name in SERVICES}
    with served_hospital(folder, request.getfixturevalue("rabbitmq").vhost(), urls) as running:
        yield running


@pytest.fixture(scope="session")
def admin(hospital: Hospital) -> Person:
    """The first administrator."""
    return make_admin(hospital, environment_of(hospital))


def environment_of(hospital: Hospital) -> dict[str, str]:
    """The settings for a command on this hospital."""
    process = next(iter(hospital.processes.values()))
    embedded = {"AUTH_DATABASE_URL": f"sqlite:///{hospital.folder}/auth.db", "AMQP_URL": "embedded://matron"}
    return embedded | process.environment


@pytest.fixture
def another_admin(hospital: Hospital) -> Person:
    """An administrator from the command line, with a unique name."""
    word = uuid4().hex[:10]
    return make_admin(hospital, environment_of(hospital), email=f"{word}@journey.example", name=f"Canary{word}")


@pytest.fixture(scope="session")
def gateways(hospital: Hospital) -> Iterator[list[str]]:
    """The URLs of all gateways: two on real servers."""
    if "gateway" not in hospital.processes:
        yield [hospital.url]
        return
    with another_gateway(hospital) as second:
        yield [hospital.url, second]
