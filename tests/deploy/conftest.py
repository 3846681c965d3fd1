"""Brokers on which each service has its own account."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.place import Place
from tests.deploy.narrow import DELAYS, Narrow
from tests.servers.rabbitmq import RabbitMQ
from tests.tokens import Mint
from transports.embedded import close_broker

_prepared: dict[RabbitMQ, Narrow] = {}


@pytest.fixture
def narrow(private_rabbitmq: RabbitMQ) -> Narrow:
    """A private RabbitMQ with the accounts of deploy: accounts belong to the whole broker."""
    if private_rabbitmq not in _prepared:
        _prepared[private_rabbitmq] = Narrow(private_rabbitmq)
    return _prepared[private_rabbitmq]


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.servers)])
def broker_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of each broker; `{service}` stands for the account."""
    if request.param == "rabbitmq":
        yield request.getfixturevalue("narrow").url
        return
    yield f"embedded://{{service}}@{tmp_path.name}"
    close_broker(tmp_path.name)


@pytest.fixture
def place(broker_url: str, tmp_path: Path) -> Iterator[Place]:
    """A place for services."""
    opened = Place(broker_url, tmp_path, Mint(tmp_path / "jwks.json"), retry_delays=DELAYS)
    yield opened
    opened.close()
