"""Unmodified nameko, on both brokers."""

from collections.abc import Iterator
from typing import Any

import eventlet
import pytest
from nameko.containers import ServiceContainer
from nameko.events import event_handler
from nameko.exceptions import UnknownService
from nameko.rpc import rpc
from nameko.standalone.events import event_dispatcher
from nameko.standalone.rpc import ClusterRpcProxy

from tests.transports.clients import until


class Clerk:
    name = "clerk"
    heard: list[Any] = []  # noqa: RUF012  the fixture clears it

    @rpc
    def add(self, a: int, b: int) -> int:
        return a + b

    @event_handler("desk", "patient_arrived")
    def on_patient_arrived(self, data: Any) -> None:
        self.heard.append(data)


@pytest.fixture
def config(broker_url: str) -> Iterator[dict[str, str]]:
    Clerk.heard.clear()
    config = {"AMQP_URI": broker_url}
    container = ServiceContainer(Clerk, config)
    container.start()
    yield config
    container.kill()


def test_nameko_service_answers_calls(config: dict[str, str]) -> None:
    with ClusterRpcProxy(config) as proxy:
        assert eventlet.spawn(proxy.clerk.add, 1, 2).wait() == 3


def test_nameko_client_detects_a_missing_service(config: dict[str, str]) -> None:
    with ClusterRpcProxy(config) as proxy, pytest.raises(UnknownService):
        proxy.nobody.add(1, 2)


def test_nameko_service_receives_events(config: dict[str, str]) -> None:
    event_dispatcher(config)("desk", "patient_arrived", {"id": 1})
    assert until(lambda: Clerk.heard == [{"id": 1}])
