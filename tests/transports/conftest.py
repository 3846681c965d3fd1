"""Each test with `broker_url` runs on both brokers: the embedded broker behaves like RabbitMQ."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.transports.clients import Client
from transports import embedded


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.servers)])
def broker_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "rabbitmq":
        yield request.getfixturevalue("amqp_url")
        return
    name = uuid.uuid4().hex
    yield f"embedded://{name}"
    embedded.close_broker(name)


@pytest.fixture
def connect(broker_url: str) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def another(**options: Any) -> Client:
        clients.append(Client(broker_url, **options))
        return clients[-1]

    yield another
    cleaner = Client(broker_url)
    for client in clients:
        client.close()
        for delete, name in client.made:
            getattr(cleaner.channel, delete)(name)
    cleaner.close()


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    return connect()
