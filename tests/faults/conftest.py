"""The hospital of all fault tests, on a private RabbitMQ and PostgreSQL."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.config import SERVICES
from tests.faults.city import City
from tests.hospital import served_hospital
from tests.servers import PostgreSQL, RabbitMQ

LONG = os.environ.get("FAULTS") == "long"
TEST_SECONDS = 1800 if LONG else 300
"""Outages and recovery take long on slow machines."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give these tests more time than others."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def rounds() -> int:
    """Repetitions of a fault. `FAULTS=long` repeats more often than `make test`."""
    return 10 if LONG else 1


@pytest.fixture(scope="session")
def outage() -> float:
    """Seconds of an outage of the broker."""
    return 35.0 if LONG else 15.0


@pytest.fixture(scope="session")
def clients() -> int:
    """Clients that book at once."""
    return 24 if LONG else 8


@pytest.fixture(scope="session")
def _city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    broker: RabbitMQ = request.getfixturevalue("_private_rabbitmq")
    database: PostgreSQL = request.getfixturevalue("_private_postgresql")
    broker.heal()
    database.heal()
    urls = {name: database.create_database(f"faults_{name}") for name in SERVICES}
    amqp_url, folder = broker.vhost(), tmp_path_factory.mktemp("faults")
    with served_hospital(folder, amqp_url, urls) as hospital:
        city = City(hospital, urls, amqp_url)
        city.open()
        yield city


@pytest.fixture
def city(_city: City, private_rabbitmq: RabbitMQ, private_postgresql: PostgreSQL) -> City:
    """The hospital, with both servers running and every process ready."""
    _city.revive()
    return _city
