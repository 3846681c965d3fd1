"""Errors while a service or the broker is down, and routes that still work."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from nameko.containers import ServiceContainer

from chassis.messaging.revocations import EXCHANGE
from contracts.scheduling.availability import ListDoctors
from gateway.service import GatewayService
from matron.runner import nameko_config
from telemetry.health import Health
from tests import ward
from tests.broker.place import Raw, soon, taken
from tests.servers.processes import free_ports
from tests.tokens import Mint
from transports.embedded import close_broker

DOCTORS = "/api/doctors"


class Front:
    """A gateway without services."""

    def __init__(self, folder: Path) -> None:
        self.mint, (port,) = Mint(folder / "jwks.json"), free_ports(1)
        self.broker, self.url = f"embedded://{folder.name}", f"http://127.0.0.1:{port}"
        settings = ward.settings(amqp_url=self.broker, jwks_file=self.mint.jwks_file, http_port=port)
        # Services declare these exchanges. Without them a gateway is not ready.
        for name in ("nameko-rpc", EXCHANGE):
            Raw(self.broker).channel.exchange_declare(name, "topic", durable=True, auto_delete=False)
        self.health = Health()
        self.container = ServiceContainer(GatewayService, nameko_config(settings, self.health))
        self.container.start()
        self.container.config["revoked"].awaited = False  # As if auth had answered, and then stopped.
        soon(lambda: not self.health.failing())

    def get(self, path: str) -> requests.Response:
        """Send a GET request as a patient."""
        headers = {"Authorization": f"Bearer {self.mint.token('patient')}"}
        return requests.get(self.url + path, headers=headers, timeout=10)


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """Start a gateway alone."""
    front = Front(tmp_path)
    yield front
    front.container.kill()
    close_broker(tmp_path.name)


@pytest.fixture
def frozen(front: Front) -> Iterator[Any]:
    """Let scheduling accept requests and never reply."""
    raw = Raw(front.broker)
    with taken(raw, "scheduling") as got:
        yield got
    raw.close()


def code(reply: requests.Response) -> tuple[int, str]:
    """Return the status and the code of a problem."""
    return reply.status_code, reply.json()["code"]


def test_call_gets_503_at_once_when_service_never_ran(front: Front) -> None:
    began, reply = time.monotonic(), front.get(DOCTORS)
    assert (code(reply), reply.headers["Retry-After"]) == ((503, "service_down"), "2")
    assert time.monotonic() - began < 1.0


def test_call_gets_504_by_the_deadline_when_service_is_silent(front: Front, frozen: Any) -> None:
    began = time.monotonic()
    assert code(front.get(DOCTORS)) == (504, "no_answer")
    assert time.monotonic() - began < ListDoctors.deadline + 0.5


def test_other_routes_work_when_one_service_is_down(front: Front, frozen: Any) -> None:
    assert front.get("/health/live").status_code == 200
    assert code(front.get("/api/patient/invoices")) == (503, "service_down")


def test_gateway_is_not_ready_without_its_broker(front: Front) -> None:
    close_broker(front.broker.removeprefix("embedded://"))
    soon(front.health.failing)
    assert code(front.get(DOCTORS)) == (503, "broker_down")
    ready = front.get("/health/ready")
    assert (ready.status_code, ready.json()) == (
        503,
        {"failing": ["gateway.broker"], "notes": {"gateway.attachments_writable": True}},
    )
    assert front.get("/health/live").status_code == 200
