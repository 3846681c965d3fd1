"""Fixtures of the tests of the broker: a broker, services of the ward, and clients."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import ward
from tests.broker.place import Place, Raw
from tests.tokens import Mint
from transports.embedded import close_broker


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.servers)])
def broker_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a broker for this test only."""
    if request.param == "rabbitmq":
        yield request.getfixturevalue("amqp_url")
        return
    yield f"embedded://{tmp_path.name}"
    close_broker(tmp_path.name)


@pytest.fixture
def mint(tmp_path: Path) -> Mint:
    """A mint of tokens that the services accept."""
    return Mint(tmp_path / "jwks.json")


@pytest.fixture(autouse=True)
def steps(monkeypatch: pytest.MonkeyPatch) -> ward.Steps:
    """Extra steps of the ward, set by the test."""
    for name, step in vars(ward.Steps()).items():
        monkeypatch.setattr(ward.STEPS, name, step)
    return ward.STEPS


@pytest.fixture
def open_place(tmp_path: Path, mint: Mint) -> Iterator[Callable[..., Place]]:
    """`open_place(url)`: a place for services on that broker."""
    opened: list[Place] = []

    def open_at(url: str, **changes: Any) -> Place:
        opened.append(Place(url, tmp_path, mint, **changes))
        return opened[-1]

    yield open_at
    for place in opened:
        place.close()


@pytest.fixture
def place(broker_url: str, open_place: Callable[..., Place]) -> Place:
    """A place for services, on both brokers."""
    return open_place(broker_url)


@pytest.fixture
def raw(broker_url: str) -> Iterator[Raw]:
    """A plain client of the same broker."""
    client = Raw(broker_url)
    yield client
    client.close()


@pytest.fixture
def direct(amqp_url: str) -> Iterator[Raw]:
    """A plain client that does not use the proxy."""
    raw = Raw(amqp_url)
    yield raw
    raw.close()
